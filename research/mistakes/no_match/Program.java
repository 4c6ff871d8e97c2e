import java.util.regex.Matcher;
import java.util.regex.Pattern;

class Program {
    static final Pattern latitude = Pattern.compile("[+-]\\d+");

    static String latitudeOf(String position) {
        Matcher matcher = latitude.matcher(position);
        if (!matcher.lookingAt()) return "none"; // right
        matcher.lookingAt(); // wrong
        return matcher.group();
    }

    public static void main(String[] args) {
        System.out.println(latitudeOf("north"));
    }
}
