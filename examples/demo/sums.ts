/** What the handlers count for the dashboard, since the data was new. */
export const sums = { said: 0, imported: 0 }
