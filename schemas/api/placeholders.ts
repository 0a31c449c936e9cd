/** Words in a recipe that its reader replaces. */

/** Printed where the token of `vigil tokens create` belongs. */
export const TOKEN_PLACEHOLDER = 'TOKEN';
/** Printed where the collector's address belongs, as long as it is not known. */
export const COLLECTOR_PLACEHOLDER = 'http://COLLECTOR:4318';
