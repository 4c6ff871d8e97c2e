/**
 * The MQTT client of npm, against which the gateway is tested.
 *
 * @module
 */
export { default } from "npm:mqtt@5.16.0";
