namespace LoraOnnx.Files.Tests;

public sealed class InputExceptionTests
{
    private readonly IOException _failure = new("No space left on device : '/folder/.texts.csv.tmp'");

    [Fact]
    public void A_file_that_cannot_be_read_is_named_with_the_reason()
    {
        var error = InputException.Unreadable("texts.csv", _failure);

        Assert.Equal("texts.csv: cannot be read: No space left on device.", error.Message);
        Assert.Equal(("texts.csv", null, _failure), (error.Path, error.Hint, error.InnerException));
    }

    [Fact]
    public void A_file_that_cannot_be_written_is_named_with_the_reason_and_what_to_do()
    {
        var error = InputException.Unwritable("run", _failure);

        Assert.Equal("run: cannot be written: No space left on device.", error.Message);
        Assert.Equal(("run", "check that the folder is writable and the disk has room.", _failure), (error.Path, error.Hint, error.InnerException));
        Assert.Equal("check --out.", InputException.Unwritable("run", _failure, "check --out.").Hint);
    }
}
