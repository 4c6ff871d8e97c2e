/**
 * Prometheus's text format.
 *
 * @module
 */
export { Counter, Gauge, type Metric, Registry } from "npm:prom-client@15.1.3";
