using System.Text.Encodings.Web;
using LoraOnnx.Reports.Pages;
using Microsoft.AspNetCore.Components;
using Microsoft.AspNetCore.Components.Web;
using Microsoft.Extensions.Logging.Abstractions;

namespace LoraOnnx.Reports;

/// <summary>Turns a page and its values into HTML.</summary>
public static class PageWriter
{
    /// <summary>The report of a comparison.</summary>
    public static string Html(ComparisonValues values) => Render<ComparisonPage, ComparisonValues>(values);

    /// <summary>The report of a training run.</summary>
    public static string Html(TrainingValues values) => Render<TrainingPage, TrainingValues>(values);

    /// <summary>A page with one parameter, <c>Values</c>.</summary>
    private static string Render<TPage, TValues>(TValues values)
        where TPage : IComponent
    {
        using var renderer = new HtmlRenderer(EncoderOnly.Instance, NullLoggerFactory.Instance);
        var parameters = ParameterView.FromDictionary(new Dictionary<string, object?> { ["Values"] = values });
        // The renderer's own dispatcher runs it here and now: no component of ours waits for anything.
        return renderer.Dispatcher.InvokeAsync(async () => (await renderer.RenderComponentAsync<TPage>(parameters)).ToHtmlString()).GetAwaiter()
            .GetResult();
    }

    private sealed class EncoderOnly : IServiceProvider
    {
        private static readonly VisibleEncoder _encoder = new();

        public static EncoderOnly Instance { get; } = new();

        public object? GetService(Type serviceType) => serviceType == typeof(HtmlEncoder) ? _encoder : null;
    }
}
