package dev.slipstream.decode.template;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.LocalDateTime;
import java.util.Locale;
import org.junit.jupiter.api.Test;

/** Dates in prompts are Python's in the C locale, wherever the JVM runs. */
class StrftimeTest {
    private static final LocalDateTime TIME = LocalDateTime.of(2026, 11, 4, 9, 5, 7, 42_000);

    @Test
    void isTheSameInEveryLocale() {
        Locale before = Locale.getDefault();
        try {
            for (String tag : new String[] {"en-US", "ar-EG", "tr-TR", "hi-IN-u-nu-deva"}) {
                Locale.setDefault(Locale.forLanguageTag(tag));
                assertThat(Strftime.format(TIME, "%e|%f|%j|%-d|%b|%A|%I %p|%c"))
                        .isEqualTo(" 4|000042|308|4|Nov|Wednesday|09 AM|Wed Nov  4 09:05:07 2026");
            }
        } finally {
            Locale.setDefault(before);
        }
    }
}
