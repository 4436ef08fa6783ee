using LoraOnnx.Model.Metrics;

namespace LoraOnnx.Model.Tests.Metrics;

public sealed class CalibrationTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("calibration");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void What_is_saved_is_read_back()
    {
        var calibration = new Calibration
        {
            Temperature = 1.7320508075688772,
            Threshold = 0.4375,
            Scale = 0.75,
            ModelHash = "abc",
            Provenance = new Dictionary<string, string> { ["texts"] = "90" },
        };

        calibration.Save(_folder.FullName);

        var read = Calibration.LoadOrNone(_folder.FullName);
        Assert.Equal((calibration.Temperature, calibration.Threshold, calibration.Scale, calibration.ModelHash),
            (read.Temperature, read.Threshold, read.Scale, read.ModelHash));
        Assert.Equal("90", read.Provenance["texts"]);
    }

    [Fact]
    public void A_directory_without_the_file_changes_nothing() => Assert.Same(Calibration.None, Calibration.LoadOrNone(_folder.FullName));

    [Fact]
    public void Values_chosen_for_another_file_are_not_used_and_the_reader_is_told()
    {
        new Calibration { Temperature = 2, ModelHash = "AB12" }.Save(_folder.FullName);
        var warnings = new List<string>();

        var same = Calibration.LoadFor(_folder.FullName, "ab12", warnings.Add);
        var other = Calibration.LoadFor(_folder.FullName, "cd34", warnings.Add);

        Assert.Equal(2, same.Temperature);
        Assert.Same(Calibration.None, other);
        Assert.Contains("was chosen for another model file", Assert.Single(warnings), StringComparison.Ordinal);
    }

    [Fact]
    public void A_temperature_of_zero_is_rejected_with_file_and_key()
    {
        File.WriteAllText(Path.Combine(_folder.FullName, Calibration.FileName), """{"temperature": 0}""");

        var error = Assert.Throws<InputException>(() => Calibration.LoadOrNone(_folder.FullName));

        Assert.Contains("calibration.json: 'temperature' is 0", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_temperature_of_two_halves_the_logits()
    {
        var halved = new Calibration { Temperature = 2 }.Scores([1f, 3f], ProblemType.SingleLabel);

        Assert.Equal(1 / (1 + Math.Exp(-1)), halved[1], 1e-15);
    }
}
