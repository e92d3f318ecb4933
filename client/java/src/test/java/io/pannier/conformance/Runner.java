package io.pannier.conformance;

import io.pannier.Pannier;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The runner's command line. */
public final class Runner {
  private static final String USAGE =
      """
      runner scenarios CONTROL_ADDRESS FILE... [--only TEXT]
      runner count SIDECAR_ADDRESS --owner O --keys K --writers W --increments N
      runner overhead SIDECAR_ADDRESS --calls N --rounds R\
      """;

  private final List<String> words = new ArrayList<>();
  private final Map<String, String> options = new TreeMap<>();

  private Runner(String[] arguments) {
    Iterator<String> each = List.of(arguments).iterator();
    while (each.hasNext()) {
      String argument = each.next();
      int equals = argument.indexOf('=');
      if (!argument.startsWith("--")) {
        words.add(argument);
      } else if (equals < 0) {
        options.put(argument.substring(2), each.next());
      } else {
        options.put(argument.substring(2, equals), argument.substring(equals + 1));
      }
    }
  }

  /**
   * Does what the arguments say.
   *
   * @param arguments see the usage
   * @throws Exception whatever ends it early
   */
  public static void main(String[] arguments) throws Exception {
    System.exit(new Runner(arguments).run());
  }

  private int run() throws Exception {
    if (words.size() < 2) {
      return usage();
    }
    String address = words.get(1);
    return switch (words.get(0)) {
      case "scenarios" -> scenarios(address);
      case "count" -> count(address);
      case "overhead" -> overhead(address);
      default -> usage();
    };
  }

  private static int usage() {
    System.err.println(USAGE);
    return 2;
  }

  private int count(String address) throws Exception {
    Count count =
        new Count(() -> Pannier.connect(address), options.get("owner"), number("writers"));
    System.out.println(count.run(number("keys"), number("increments")));
    return 0;
  }

  private int overhead(String address) {
    System.out.println(Overhead.measure(address, number("calls"), number("rounds")));
    return 0;
  }

  private int scenarios(String address) throws IOException {
    List<Path> files = words.subList(2, words.size()).stream().map(Path::of).toList();
    try (Control control = new Control(address)) {
      Scenarios scenarios = new Scenarios(control, options.getOrDefault("only", ""));
      return scenarios.run(files) == 0 ? 0 : 1;
    }
  }

  private int number(String option) {
    return Integer.parseInt(options.get(option));
  }
}
