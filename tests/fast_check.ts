/**
 * fast-check, for property tests: generates random input and shrinks it.
 *
 * @module
 */
export { default } from "npm:fast-check@4.10.2";
