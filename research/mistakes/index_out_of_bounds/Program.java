class Program {
    static String timeOf(String line) {
        String[] fields = line.split(" ");
        if (fields.length < 4) return "none"; // right
        return fields[3];
    }

    public static void main(String[] args) {
        System.out.println(timeOf("IAMAT kiwi +34.07-118.44"));
    }
}
