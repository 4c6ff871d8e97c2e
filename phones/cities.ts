/**
 * Cities in which simulated phones move. Names and coordinates are from
 * GeoNames, https://www.geonames.org, under CC BY 4.0
 * (https://creativecommons.org/licenses/by/4.0/), as in places/gazetteer.txt.
 *
 * @module
 */

/** A city. */
export interface City {
  readonly name: string;
  /** Its centre, in degrees north. */
  readonly latitude: number;
  /** In degrees east. */
  readonly longitude: number;
}

/** Name, latitude, longitude. */
const rows: readonly (readonly [string, number, number])[] = [
  ["Tokyo", 35.6895, 139.69171],
  ["Osaka", 34.69379, 135.50107],
  ["Seoul", 37.566, 126.9784],
  ["Beijing", 39.9075, 116.39723],
  ["Shanghai", 31.22222, 121.45806],
  ["Hong Kong", 22.27832, 114.17469],
  ["Taipei", 25.05306, 121.52639],
  ["Manila", 14.6042, 120.9822],
  ["Jakarta", -6.21462, 106.84513],
  ["Singapore", 1.28967, 103.85007],
  ["Bangkok", 13.75398, 100.50144],
  ["Ho Chi Minh City", 10.82302, 106.62965],
  ["Dhaka", 23.7104, 90.40744],
  ["Kolkata", 22.56263, 88.36304],
  ["Delhi", 28.65195, 77.23149],
  ["Mumbai", 19.07283, 72.88261],
  ["Bengaluru", 12.97194, 77.59369],
  ["Karachi", 24.8608, 67.0104],
  ["Lahore", 31.558, 74.35071],
  ["Tehran", 35.69439, 51.42151],
  ["Baghdad", 33.34058, 44.40088],
  ["Riyadh", 24.68773, 46.72185],
  ["Dubai", 25.07725, 55.30927],
  ["Istanbul", 41.01384, 28.94966],
  ["Moscow", 55.75204, 37.61781],
  ["Kyiv", 50.45466, 30.5238],
  ["Warsaw", 52.22977, 21.01178],
  ["Berlin", 52.52437, 13.41053],
  ["Vienna", 48.20849, 16.37208],
  ["Rome", 41.89193, 12.51133],
  ["Paris", 48.85341, 2.3488],
  ["London", 51.50853, -0.12574],
  ["Madrid", 40.4165, -3.70256],
  ["Stockholm", 59.32938, 18.06871],
  ["Cairo", 30.06263, 31.24967],
  ["Casablanca", 33.58831, -7.61138],
  ["Lagos", 6.45407, 3.39467],
  ["Accra", 5.55602, -0.1969],
  ["Nairobi", -1.28333, 36.81667],
  ["Addis Ababa", 9.02497, 38.74689],
  ["Kinshasa", -4.32758, 15.31357],
  ["Johannesburg", -26.20227, 28.04363],
  ["Cape Town", -33.92584, 18.42322],
  ["New York City", 40.71427, -74.00597],
  ["Los Angeles", 34.05223, -118.24368],
  ["Chicago", 41.85003, -87.65005],
  ["Toronto", 43.70643, -79.39864],
  ["Vancouver", 49.24966, -123.11934],
  ["Mexico City", 19.42847, -99.12766],
  ["Havana", 23.13302, -82.38304],
  ["Bogotá", 4.60971, -74.08175],
  ["Lima", -12.04318, -77.02824],
  ["São Paulo", -23.5475, -46.63611],
  ["Rio de Janeiro", -22.90642, -43.18223],
  ["Buenos Aires", -34.61315, -58.37723],
  ["Santiago", -33.45694, -70.64827],
  ["Sydney", -33.86785, 151.20732],
  ["Melbourne", -37.814, 144.96332],
  ["Auckland", -36.84853, 174.76349],
];

/** Big cities of all continents except Antarctica. */
export const cities: readonly City[] = rows
  .map(([name, latitude, longitude]) => ({ name, latitude, longitude }));
