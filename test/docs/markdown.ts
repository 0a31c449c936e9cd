/** What a Markdown page refers to: links, anchors, paths of the repository, npm scripts and settings. Pure. */

export interface Link {
  readonly line: number;
  /** As it is written: `../how-to/access.md#quotas`. */
  readonly target: string;
}

/** Without fenced code, line by line, so that line numbers stay right. */
function prose(page: string): readonly string[] {
  let fence: string | undefined;
  return page.split('\n').map((line) => {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1];
    if (mark === undefined) return fence === undefined ? line : '';
    if (fence === undefined) fence = mark;
    else if (mark.startsWith(fence)) fence = undefined;
    return '';
  });
}

/** Relative links; addresses of the web and of mail are left out. */
export function linksOf(page: string): readonly Link[] {
  return prose(page).flatMap((text, index) =>
    [...text.replaceAll(/`[^`]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target = '']) => ({ line: index + 1, target }))
      .filter(({ target }) => !/^[a-z]+:/.test(target)),
  );
}

/** The anchors that GitHub makes of headings: lower case, spaces to dashes, other marks removed, repeats numbered. */
export function anchorsOf(page: string): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const line of prose(page)) {
    const heading = /^#{1,6} +(.*?)\s*#*$/.exec(line)?.[1];
    if (heading === undefined) continue;
    const words = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}_ -]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let count = 1; anchors.has(anchor); count += 1) anchor = `${slug}-${count}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** Paths in inline code that begin with one of these folders; `<name>`, `*` and `…` match any name. */
export function pathsOf(page: string, folders: readonly string[]): readonly Link[] {
  return prose(page).flatMap((text, index) =>
    [...text.matchAll(/`([^`]+)`/g)].flatMap(([, code = '']) =>
      code
        .split(/[\s,;()"'=]+/)
        .filter((word) => folders.some((folder) => word.startsWith(`${folder}/`)) && word.length > 3)
        .map((word) => ({ line: index + 1, target: word.replace(/[.:]+$/, '') })),
    ),
  );
}

/** Whether one of the paths is this file or folder, or fits the pattern. */
export function isThere(target: string, paths: ReadonlySet<string>): boolean {
  const plain = target.replace(/\/$/, '');
  if (!/[<*…{]/.test(plain)) return paths.has(plain);
  const pattern = plain
    .replaceAll(/[.+?^$()|[\]\\]/g, '\\$&')
    .replaceAll(/\{([^}]*)\}/g, (_all, choices: string) => `(?:${choices.replaceAll(',', '|')})`)
    .replaceAll(/<[^>]*>|\*\*?|…/g, (any) => (any === '**' ? '.*' : '[^/]*'));
  const fits = new RegExp(`^${pattern}$`);
  return [...paths].some((path) => fits.test(path));
}

export const npmScriptsOf = (page: string): readonly string[] =>
  [...page.matchAll(/npm run (?:--silent )?([a-z][\w:-]*)/g)].map(([, name = '']) => name);

export const settingsOf = (page: string): readonly string[] =>
  [...page.matchAll(/(?<!\w)VIGIL_[A-Z_]*[A-Z](?![A-Z_…])/g)].map(([name]) => name);
