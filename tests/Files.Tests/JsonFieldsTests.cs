namespace LoraOnnx.Files.Tests;

public sealed class JsonFieldsTests
{
    [Fact]
    public void A_copy_to_change_has_the_last_of_names_that_come_twice_and_all_else_as_it_was()
    {
        var fields = JsonFields.Parse("config.json", """
            {"a": 1, "b": {"c": [1.50, null, {"d": "x"}, {"e": 1, "e": true}], "c2": 1e400}, "a": 2}
            """u8.ToArray());

        var copy = fields.ToNode();
        copy["new"] = "é";

        Assert.Equal("""{"a":2,"b":{"c":[1.50,null,{"d":"x"},{"e":true}],"c2":1e400},"new":"\u00E9"}""", copy.ToJsonString());
        Assert.Equal(2, fields.Integer("a", 0, 0)); // read and copied alike
    }
}
