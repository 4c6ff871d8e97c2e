interface Report {
  readonly client: string;
  readonly latitude: number;
}

const report: Report = { client: "kiwi", latitude: 34.07 };
console.log(report.latitude); // right
console.log(report.lattitude); // wrong
