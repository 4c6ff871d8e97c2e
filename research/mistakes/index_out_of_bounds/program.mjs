function timeOf(line) {
  const fields = line.split(" ");
  if (fields.length < 4) return "none"; // right
  return fields[3];
}

console.log(timeOf("IAMAT kiwi +34.07-118.44"));
