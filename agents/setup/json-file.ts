/** Formats a JSON file with indentation. */
export const jsonFile = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
