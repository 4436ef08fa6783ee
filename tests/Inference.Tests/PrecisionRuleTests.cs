using LoraOnnx.Graph;

namespace LoraOnnx.Inference.Tests;

/// <summary>What <c>auto</c> and <c>fast</c> take; a report beside the model stands for a gate that was measured.</summary>
public sealed class PrecisionRuleTests : IDisposable
{
    private readonly ModelFolder _folder = new();

    public PrecisionRuleTests() => _folder.Write();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Auto_is_exact_whatever_gates_were_passed_and_says_so_in_one_line()
    {
        Keep(Precision.Int8, passed: true);
        Keep(Precision.Bf16, passed: true);

        Assert.Matches("model.onnx: precision as in the file .fp32.: auto is exact", Loaded("auto", "fp32"));
    }

    [Fact]
    public void Fast_takes_the_fastest_form_that_passed_and_says_which()
    {
        Requirement.ProcessorHas(Bf16Support.Kernels is not null && Int8Support.Instructions is not null, "it lacks bf16 or 8-bit dot products");
        Keep(Precision.Int8, passed: true);
        Keep(Precision.Bf16, passed: true);
        Assert.Matches("fast is precision bf16: int8-dynamic: no accuracy gate stands beside the model.*; this CPU has AVX512-BF16",
            Loaded("fast", "bf16"));

        Keep(Precision.Int8Dynamic, passed: true);
        var instructions = CpuInstructions.Of(Precision.Int8Dynamic);
        Assert.Matches($"fast is precision int8-dynamic: this CPU has {instructions}, and int8-dynamic passed its accuracy gate",
            Loaded("fast", "int8-dynamic"));

        Keep(Precision.Int8Dynamic, passed: false);
        Keep(Precision.Bf16, passed: false);
        Assert.Matches("fast is precision int8: int8-dynamic: it did not pass.*; bf16: it did not pass.*; this CPU has", Loaded("fast", "int8"));
    }

    [Fact]
    public void Fast_is_exact_where_no_gate_is_passed_or_a_file_is_named()
    {
        Keep(Precision.Bf16, passed: false);
        Keep(Precision.Int8, passed: false);
        Assert.Matches("fast is precision as in the file: int8-dynamic: .*; bf16: .*; int8: ", Loaded("fast", "fp32"));

        (_folder.Report(Precision.Int8, passed: true) with { ModelSha256 = "another file's", ExactSha256 = "another file's" }).Write(
            GateReport.PathFor(_folder.ModelFile, Precision.Int8));
        Assert.Matches("fast is precision as in the file: ", Loaded("fast", "fp32"));

        Assert.Matches("fast is precision as in the file: the file was named", Loaded("fast", "fp32", _folder.ModelFile));
    }

    [Fact]
    public void The_gate_of_bf16_is_measured_once_and_its_report_kept()
    {
        Requirement.ProcessorHas(Bf16Support.Kernels is not null, Bf16Support.Refusal);
        var log = new List<string>();

        TextClassifier.Load(_folder.Path, ModelFolder.Cpu with { Precision = PrecisionRule.Fast, Log = log.Add }).Dispose();

        Assert.Contains("accuracy gate of bf16 passed", log[0], StringComparison.Ordinal);
        Assert.True(GateReport.Find(_folder.ModelFile, ContentHash.OfFile(_folder.ModelFile), Precision.Bf16)
            is { Passed: true, Texts: 256, LabelAgreement: >= 0.995, Cpu: "AVX512-BF16" });
        Assert.Matches("fast is precision bf16", Loaded("fast", "bf16")); // in one line: not measured again
    }

    [Fact]
    public void Fast_takes_bf16_for_a_base_that_takes_adapters_too()
    {
        Requirement.ProcessorHas(Bf16Support.Kernels is not null, Bf16Support.Refusal);
        Keep(Precision.Bf16, passed: true);

        using var classifier = TextClassifier.Load(_folder.Path, ModelFolder.Cpu with { Precision = PrecisionRule.Fast, TakesAdapters = true });

        Assert.Equal(Precision.Bf16, classifier.Model.Precision);
    }

    private void Keep(Precision precision, bool passed) => _folder.Report(precision, passed).Write(GateReport.PathFor(_folder.ModelFile, precision));

    /// <summary>The one line that is logged.</summary>
    private string Loaded(string asked, string expected, string? path = null)
    {
        var log = new List<string>();
        using var classifier = TextClassifier.Load(path ?? _folder.Path,
            ModelFolder.Cpu with { Precision = PrecisionRule.Parse(asked), Log = log.Add });

        Assert.Equal(expected, EnumNames.Of(classifier.Model.Precision));
        return Assert.Single(log);
    }
}
