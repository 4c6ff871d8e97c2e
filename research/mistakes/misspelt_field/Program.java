class Program {
    record Report(String client, double latitude) {}

    public static void main(String[] args) {
        Report report = new Report("kiwi", 34.07);
        System.out.println(report.latitude()); // right
        System.out.println(report.lattitude()); // wrong
    }
}
