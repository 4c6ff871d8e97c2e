/** The map. @module */
/** What it is drawn from. */
export const createMap = () => "{}";
