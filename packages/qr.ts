/**
 * QR codes.
 *
 * @module
 */
export { encodeQR } from "npm:qr@0.7.0";
