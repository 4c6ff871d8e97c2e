/**
 * The numbers of the places rooms, each with its unit and its reason.
 *
 * @module
 */

/** A question is answered within this time, in milliseconds, come what may. */
export const answerDeadlineMs = 10_000;

/** Largest body taken from a service, in bytes. A page of 20 is some 50 kB. */
export const maxBodyBytes = 4 * 1024 * 1024;

/** Requests to a service under way at once; further ones wait in order. */
export const maxRequestsInFlight = 32;
