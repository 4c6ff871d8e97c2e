class Program {
    static int limit(int radius) {
        if (radius > 50) return 50;
        return radius; // right
    }

    public static void main(String[] args) {
        System.out.println(limit(10));
    }
}
