package io.pannier;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A piece of code in the documentation, with {@code // prints: } comments that tell what it prints.
 *
 * @param name of its class
 * @param code statements, after imports
 */
record Example(String name, String code) {
  private static final Pattern IN_MARKDOWN =
      Pattern.compile("^```java\\n(.*?)^```$", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern IN_JAVADOC =
      Pattern.compile("<pre>\\{@code\\n(.*?)^ *\\* \\}</pre>", Pattern.MULTILINE | Pattern.DOTALL);
  private static final Pattern MARGIN = Pattern.compile("^ *\\* ?", Pattern.MULTILINE);
  private static final Pattern IMPORT = Pattern.compile("^import .*;$", Pattern.MULTILINE);
  private static final Pattern PRINTS = Pattern.compile("// prints: (.*)");

  /** What the Javadoc of this package need not import in its examples. */
  private static final String USUAL_IMPORTS =
      """
      import io.grpc.*;
      import io.pannier.*;
      import java.nio.charset.StandardCharsets;
      import java.time.*;
      """;

  /** Returns the examples of a Markdown file. */
  static List<Example> inMarkdown(Path file) throws IOException {
    List<Example> examples = new ArrayList<>();
    Matcher code = IN_MARKDOWN.matcher(Files.readString(file));
    while (code.find()) {
      examples.add(new Example("Markdown" + examples.size(), code.group(1)));
    }
    return examples;
  }

  /** Returns the examples in the Javadoc of a folder's files. */
  static List<Example> inJavadoc(Path folder) throws IOException {
    List<Example> examples = new ArrayList<>();
    try (Stream<Path> files = Files.list(folder)) {
      for (Path file : files.sorted().toList()) {
        String type = file.getFileName().toString().replaceFirst("\\.java$", "");
        Matcher code = IN_JAVADOC.matcher(Files.readString(file));
        while (code.find()) {
          String statements = MARGIN.matcher(code.group(1)).replaceAll("");
          examples.add(new Example(type + examples.size(), USUAL_IMPORTS + statements));
        }
      }
    }
    return examples;
  }

  /** Returns what it prints, line by line, as its comments say. */
  List<String> prints() {
    return PRINTS.matcher(code).results().map(found -> found.group(1)).toList();
  }

  /** Returns it as a class whose method {@code run} does it, with a store at hand. */
  String source() {
    String imports =
        String.join("\n", IMPORT.matcher(code).results().map(found -> found.group()).toList());
    return """
    package examples;
    %s
    final class %s {
      static io.pannier.PannierStore store;
      static void run() throws Exception {
    %s
      }
    }
    """
        .formatted(imports, name, IMPORT.matcher(code).replaceAll(""));
  }
}
