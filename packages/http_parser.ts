/**
 * The parser of HTTP/1.1 messages that Node had before llhttp.
 *
 * @module
 */
// @ts-types="./http_parser.d.ts"
export * from "npm:http-parser-js@0.5.10";
