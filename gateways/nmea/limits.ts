/**
 * Limits of the NMEA gateway, with units and reasons.
 *
 * @module
 */

/**
 * Lines that are taken in one turn: half a millisecond of work. A datagram that
 * was begun is taken whole, as it is short.
 */
export const linesPerPiece = 32;

/** What a waiting datagram counts besides its bytes: the objects around it. */
export const datagramOverheadBytes = 64;

/**
 * Most bytes of datagrams that wait for one sender's turn: what a device sends
 * in a minute.
 */
export const maxWaitingBytes = 64 * 1024;

/** The same for all senders together: less than the buffers of sockets take. */
export const maxWaitingBytesInAll = 2 * 1024 * 1024;

/**
 * Most senders of datagrams that are remembered. A datagram of another one makes
 * the server forget the one that has been silent longest, with the name that it
 * gave itself.
 */
export const maxDatagramSenders = 4_096;

/**
 * How long a sender of datagrams is remembered after its last one, in
 * milliseconds: much longer than devices are silent between two of them.
 */
export const datagramSenderMs = 600_000;
