class Program {
    static String format(double latitude, double longitude) {
        return latitude + " north, " + longitude + " east";
    }

    public static void main(String[] args) {
        double latitude = 34.07;
        double longitude = -118.44;
        System.out.println(format(latitude, longitude)); // right
        System.out.println(format(longitude, latitude)); // wrong
    }
}
