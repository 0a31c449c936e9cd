export interface Rules {
  readonly rooms: Readonly<Record<string, { readonly imports: readonly string[] | 'all' }>>;
  readonly entrances: Readonly<Record<string, { readonly for: readonly string[]; readonly paths: readonly string[] }>>;
}

export function examine(
  files: readonly string[],
  read: (file: string) => string,
  rules: Rules,
): { readonly problems: readonly string[]; readonly sources: number; readonly imports: number };
