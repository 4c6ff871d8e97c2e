function format(latitude, longitude) {
  return `${latitude} north, ${longitude} east`;
}

const [latitude, longitude] = [34.07, -118.44];
console.log(format(latitude, longitude)); // right
console.log(format(longitude, latitude)); // wrong
