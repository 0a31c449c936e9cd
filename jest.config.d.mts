declare const config: {
  readonly projects: readonly [Project, ...Project[]];
};
export default config;

interface Project {
  readonly displayName: string;
  readonly roots: readonly string[];
  readonly testRegex: string;
  readonly testPathIgnorePatterns?: readonly string[];
}
