/** Small line icons on a 16 px grid, in the colour of the adjacent text. */
const PATHS = {
  alert: 'M8 2.5 14 13H2L8 2.5zM8 6.5v3M8 11.3v.1',
  sessions: 'M2.5 4h11M2.5 8h7.5M2.5 12h9',
  prompt: 'M2.5 3.5h11v7H7l-3 2.5v-2.5H2.5z',
  command: 'M3 4.5 6.5 8 3 11.5M8 12h5',
  file: 'M4 2h5l3 3v9H4zM9 2v3h3',
  network: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM2 8h12M8 2c4 3.8 4 8.2 0 12M8 2c-4 3.8-4 8.2 0 12',
  approval: 'M3 8.5 6.5 12 13 4.5',
  stop: 'M5.5 2h5L14 5.5v5L10.5 14h-5L2 10.5v-5zM5.5 8h5',
  sandbox: 'M8 2l5.5 3v6L8 14l-5.5-3V5zM2.5 5 8 8l5.5-3M8 8v6',
  tool: 'M10.5 2.5a3.5 3.5 0 0 0-3.3 4.7L2.5 12l1.5 1.5 4.8-4.7a3.5 3.5 0 0 0 4.5-4.5L11 6.5 9.5 5l2.2-2.2z',
  mcp: 'M6 2v3M10 2v3M4 5h8v3a4 4 0 0 1-8 0zM8 12v2.5',
  model: 'M8 2.5 9.5 6.5 13.5 8 9.5 9.5 8 13.5 6.5 9.5 2.5 8 6.5 6.5z',
  session: 'M8 2.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11zM8 5v3l2 1.5',
  close: 'M3.5 3.5l9 9M12.5 3.5l-9 9',
  clock: 'M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2zM8 4.5V8l2.5 1.5',
  keys: 'M1.5 4h13v8h-13zM4 6.7h.1M6.7 6.7h.1M9.3 6.7h.1M12 6.7h.1M5 9.5h6',
  tenant: 'M3 14V3h6v11M9 6.5h4V14M5 5.5h2M5 8h2M5 10.5h2M1.5 14h13',
  leave: 'M9.5 2.5h-6v11h6M6.5 8h7M11 5.5 13.5 8 11 10.5',
  open: 'M6 3.5H3v9.5h9.5v-3M8.5 2.5h5v5M13.5 2.5 7.5 8.5',
} as const;
export type IconName = keyof typeof PATHS;

export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path
        d={PATHS[name]}
        fill="none"
        stroke="currentColor"
        strokeWidth="1.5"
        strokeLinecap="round"
        strokeLinejoin="round"
      />
    </svg>
  );
}
