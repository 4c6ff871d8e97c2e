/**
 * The text format of Prometheus.
 *
 * @module
 */
export { Counter, Gauge, type Metric, Registry } from "npm:prom-client@15.1.3";
