/** The text of a JSON file, as people would write it. */
export const jsonFile = (value: object): string => `${JSON.stringify(value, undefined, 2)}\n`;
