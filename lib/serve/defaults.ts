/** Where a local Pullpass is when nobody says otherwise; the client commands look there, too. */
export const DEFAULT_PORT = 8484;
export const DEFAULT_DATA_DIRECTORY = '.pullpass';
