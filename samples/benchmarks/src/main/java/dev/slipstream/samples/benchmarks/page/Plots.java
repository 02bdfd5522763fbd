package dev.slipstream.samples.benchmarks.page;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.knowm.xchart.CategoryChart;
import org.knowm.xchart.CategoryChartBuilder;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.internal.chartpart.Chart;
import org.knowm.xchart.style.AxesChartStyler;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws plots as SVG. Their ground is white with dark letters on it, so that they are read in a
 * light and in a dark page alike.
 */
final class Plots {
    private static final Pattern CLIP = Pattern.compile("clip\\d+");
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 400;
    private static final Color INK = new Color(0x24, 0x29, 0x2f);
    private static final Color GRID = new Color(0xd8, 0xde, 0xe4);

    /** Okabe and Ito's colours, told apart by everybody; the darkest warm one is Slipstream's. */
    private static final Color[] COLOURS = {
        new Color(0xd5, 0x5e, 0x00),
        new Color(0x00, 0x72, 0xb2),
        new Color(0x00, 0x9e, 0x73),
        new Color(0xcc, 0x79, 0xa7),
        new Color(0x56, 0xb4, 0xe9),
        new Color(0xe6, 0x9f, 0x00),
        new Color(0x55, 0x55, 0x55)
    };

    private Plots() {}

    /**
     * One line.
     *
     * @param x rising
     * @param y of each
     */
    record Line(List<Double> x, List<Double> y) {}

    /** Draws lines over a common axis, by their names. */
    static void lines(Path file, String title, String x, String y, Map<String, Line> lines)
            throws IOException {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .xAxisTitle(x)
                        .yAxisTitle(y)
                        .build();
        style(chart.getStyler());
        lines.forEach(
                (name, line) ->
                        chart.addSeries(name, line.x(), line.y())
                                .setMarker(SeriesMarkers.CIRCLE)
                                .setLineStyle(new BasicStroke(2)));
        save(chart, file);
    }

    /** Draws groups of bars: for each name, a value for each group. */
    static void bars(
            Path file, String title, String y, List<String> groups, Map<String, List<Double>> bars)
            throws IOException {
        CategoryChart chart =
                new CategoryChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title(title)
                        .yAxisTitle(y)
                        .build();
        style(chart.getStyler());
        chart.getStyler().setAvailableSpaceFill(0.8);
        bars.forEach((name, values) -> chart.addSeries(name, groups, values));
        save(chart, file);
    }

    private static void style(AxesChartStyler styler) {
        styler.setChartBackgroundColor(Color.WHITE);
        styler.setPlotBackgroundColor(Color.WHITE);
        styler.setLegendBackgroundColor(Color.WHITE);
        styler.setLegendBorderColor(GRID);
        styler.setPlotBorderColor(GRID);
        styler.setPlotGridLinesColor(GRID);
        styler.setPlotGridVerticalLinesVisible(false);
        styler.setAxisTickMarksColor(GRID);
        styler.setChartFontColor(INK);
        styler.setAxisTickLabelsColor(INK);
        styler.setLegendPosition(Styler.LegendPosition.OutsideE);
        styler.setLegendLayout(Styler.LegendLayout.Vertical);
        styler.setSeriesColors(COLOURS);
        styler.setBaseFont(new Font(Font.SANS_SERIF, Font.PLAIN, 12));
        styler.setChartTitleFont(new Font(Font.SANS_SERIF, Font.BOLD, 14));
        styler.setYAxisMin(0.0);
    }

    private static void save(Chart<?, ?> chart, Path file) throws IOException {
        Files.createDirectories(file.toAbsolutePath().getParent());
        ByteArrayOutputStream drawn = new ByteArrayOutputStream();
        VectorGraphicsEncoder.saveVectorGraphic(chart, drawn, VectorGraphicsFormat.SVG);
        Files.writeString(file, numbered(drawn.toString(StandardCharsets.UTF_8)));
    }

    /** Names clipping paths by their order instead of by chance: equal plots are equal files. */
    private static String numbered(String svg) {
        Map<String, String> names = new HashMap<>();
        return CLIP.matcher(svg)
                .replaceAll(
                        found ->
                                names.computeIfAbsent(
                                        found.group(), name -> "clip" + names.size()));
    }
}
