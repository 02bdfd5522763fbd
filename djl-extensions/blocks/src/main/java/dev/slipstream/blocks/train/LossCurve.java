package dev.slipstream.blocks.train;

import java.awt.BasicStroke;
import java.awt.Color;
import java.awt.Font;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.knowm.xchart.VectorGraphicsEncoder;
import org.knowm.xchart.VectorGraphicsEncoder.VectorGraphicsFormat;
import org.knowm.xchart.XYChart;
import org.knowm.xchart.XYChartBuilder;
import org.knowm.xchart.style.Styler;
import org.knowm.xchart.style.XYStyler;
import org.knowm.xchart.style.markers.SeriesMarkers;

/**
 * Draws the losses of a run as SVG: running means of the steps' as lines, measurements on the
 * validation text as lines with dots.
 */
public final class LossCurve {
    private static final int WIDTH = 1000;
    private static final int HEIGHT = 500;
    private static final Color INK = new Color(0x24, 0x29, 0x2f);
    private static final Color GRID = new Color(0xd8, 0xde, 0xe4);

    /** Okabe and Ito's colours, told apart by everybody. */
    private static final Color[] COLOURS = {
        new Color(0xd5, 0x5e, 0x00),
        new Color(0x00, 0x72, 0xb2),
        new Color(0x00, 0x9e, 0x73),
        new Color(0xcc, 0x79, 0xa7),
        new Color(0x56, 0xb4, 0xe9),
        new Color(0xe6, 0x9f, 0x00),
        new Color(0x55, 0x55, 0x55)
    };

    /** Of the running means: a step's own part. */
    private static final double FRESH = 0.05;

    private LossCurve() {}

    private record Line(List<Integer> steps, List<Double> values) {
        void add(LossPoint point, double fresh) {
            double before = values.isEmpty() ? point.value() : values.get(values.size() - 1);
            steps.add(point.step());
            values.add(before + fresh * (point.value() - before));
        }
    }

    /**
     * Draws a picture in place of the one before.
     *
     * @param file its place
     * @param points losses in the order of their steps; one or more
     * @throws IOException if it cannot be written
     */
    public static void write(Path file, List<LossPoint> points) throws IOException {
        XYChart chart =
                new XYChartBuilder()
                        .width(WIDTH)
                        .height(HEIGHT)
                        .title("Losses")
                        .xAxisTitle("step")
                        .yAxisTitle("nats a token")
                        .build();
        style(chart.getStyler());
        Map<String, Line> lines = lines(points);
        lines.forEach(
                (name, line) -> {
                    boolean measured = name.startsWith(LossHistory.VALIDATION);
                    chart.addSeries(name, line.steps(), line.values())
                            .setMarker(measured ? SeriesMarkers.CIRCLE : SeriesMarkers.NONE)
                            .setLineStyle(new BasicStroke(measured ? 2 : 1));
                });
        ByteArrayOutputStream drawn = new ByteArrayOutputStream();
        VectorGraphicsEncoder.saveVectorGraphic(chart, drawn, VectorGraphicsFormat.SVG);
        Files.writeString(file, described(drawn.toString(StandardCharsets.UTF_8), lines));
    }

    /** Letters are drawn as shapes: what the picture shows is said in words, too. */
    private static String described(String svg, Map<String, Line> lines) {
        StringBuilder words = new StringBuilder("Losses in nats a token. In the end:");
        lines.forEach(
                (name, line) ->
                        words.append(
                                String.format(
                                        Locale.ROOT,
                                        " %s %.4f at step %d;",
                                        name,
                                        line.values().get(line.values().size() - 1),
                                        line.steps().get(line.steps().size() - 1))));
        int start = svg.indexOf("<svg");
        int inside = svg.indexOf('>', start) + 1;
        return svg.substring(0, inside) + "<desc>" + words + "</desc>" + svg.substring(inside);
    }

    private static Map<String, Line> lines(List<LossPoint> points) {
        Map<String, Line> lines = new LinkedHashMap<>();
        for (LossPoint point : points) {
            boolean measured = point.name().startsWith(LossHistory.VALIDATION);
            lines.computeIfAbsent(
                            point.name(), name -> new Line(new ArrayList<>(), new ArrayList<>()))
                    .add(point, measured ? 1 : FRESH);
        }
        return lines;
    }

    private static void style(XYStyler styler) {
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
    }
}
