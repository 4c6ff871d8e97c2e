/**
 * jsQR, which reads QR codes in images.
 *
 * @module
 */
// @ts-types="./jsqr.d.ts"
export { default } from "npm:jsqr@1.4.0";
