/**
 * The part of TOML that gitleaks' generated configuration uses: tables, arrays of tables, and values that are a text in
 * '''…''' or "…", a number, or an array of texts. Anything else is an error and not a guess.
 */

/** @param {string} text @returns {Record<string, unknown>} */
export function readToml(text) {
  const root = {};
  let table = root;
  let pos = 0;
  const fail = (what) => {
    throw new Error(`line ${text.slice(0, pos).split('\n').length}: ${what}`);
  };
  const skip = (pattern) => {
    pattern.lastIndex = pos;
    pos += pattern.exec(text)?.[0].length ?? 0;
  };
  const blank = () => skip(/(?:\s|#[^\n]*)*/y);
  const readText = () => {
    const match = /'''([^]*?)'''|"((?:[^"\\\n]|\\["\\])*)"/y;
    match.lastIndex = pos;
    const found = match.exec(text) ?? fail('a text was expected');
    pos += found[0].length;
    return found[1] ?? found[2].replaceAll(/\\(["\\])/g, '$1');
  };
  const readValue = () => {
    if (text[pos] !== '[') {
      const number = /-?\d+(?:\.\d+)?/y;
      number.lastIndex = pos;
      const found = number.exec(text);
      if (found === null) return readText();
      pos += found[0].length;
      return Number(found[0]);
    }
    const items = [];
    for (pos += 1, blank(); text[pos] !== ']'; blank()) {
      items.push(readText());
      blank();
      if (text[pos] === ',') pos += 1;
      else if (text[pos] !== ']') fail('a comma or the end of the array was expected');
    }
    pos += 1;
    return items;
  };
  for (blank(); pos < text.length; blank()) {
    const line = /\[\[([\w.]+)\]\]|\[([\w.]+)\]|(\w+)[ \t]*=[ \t]*/y;
    line.lastIndex = pos;
    const [whole, list, single, key] = line.exec(text) ?? fail('a table or a key was expected');
    pos += whole.length;
    if (key !== undefined) table[key] = readValue();
    else table = open(root, (list ?? single).split('.'), list !== undefined);
  }
  return root;
}

function open(root, path, isList) {
  let at = root;
  for (const name of path.slice(0, -1)) at = Array.isArray(at[name]) ? at[name].at(-1) : (at[name] ??= {});
  const name = path.at(-1);
  if (!isList) return (at[name] = {});
  const table = {};
  (at[name] ??= []).push(table);
  return table;
}
