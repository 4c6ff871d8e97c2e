/**
 * The protocol of PostgreSQL. It reads variables of the environment while it is
 * imported and when a client is created: see `runtime/without_environment.ts`.
 *
 * @module
 */
// @ts-types="./postgres.d.ts"
export * from "npm:pg@8.23.1";
