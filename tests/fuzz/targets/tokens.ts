/**
 * Tokens of the protocols, for the mutator.
 *
 * @module
 */

/** Numbers around the limits. */
export const numberTokens = [
  "+0",
  "-0.0",
  "+90",
  "+90.000",
  "+90.0000000000000000000000001",
  "-89.999999999999999999999",
  "-180",
  "+180.1",
  "+007",
  "1e3",
  "50",
  "50.0",
  "50.000000000000000000001",
  "51",
  "20",
  "21",
  "0020",
  "1520023934.918963997",
  "1520023935.182837383",
  "1520023935.1828373839",
  "999999999999999.999999999",
  "1000000000000000",
  "000000000000001",
];

/** Tokens of clients. */
export const clientTokens = [
  ...numberTokens,
  "IAMAT",
  "IAMAT ",
  "\nIAMAT kiwi ",
  "WHATSAT",
  "WHATSAT kiwi ",
  "iamat ",
  "AT Hill +0.263873386 ",
  "? ",
  " kiwi ",
  " +34.068930-118.445127 ",
  "+90-180",
  " 10 5",
];

/** Tokens of servers. */
export const peerTokens = [
  ...numberTokens,
  "AT Hill +0.263873386 kiwi +34.068930-118.445127 1520023934.918963997",
  "AT Jaquez -9999999999999999.999999999 ",
  "+00000000000000001.000000000 ",
  "Hill",
  "Jaquez",
  "Smith",
  "Singleton",
  "PING",
  "SYNC",
  "SYNCED",
  "PRUNE ",
  "GRAFT ",
  "HAVE ",
  "WANT ",
  "HORIZON ",
  "DIGEST ",
  "LIST ",
  "PART ",
  " 0 0 0 0 0 0 0 0",
  " 1fffffffffffff",
  " 20000000000000",
  " 00000000000000",
  " ffff1fffffffffffff",
  " faf61c544ecbd6ed4a",
  " faf6058d04928e28ff0d558ef8ff22265a99b95c",
  "fff",
  "ffff",
];
