/**
 * Property tests: generators of random input, and what shrinks it.
 *
 * @module
 */
export { default } from "npm:fast-check@4.10.2";
