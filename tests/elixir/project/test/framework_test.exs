defmodule FrameworkTest do
  use ExUnit.Case
  import ExUnit.CaptureIO
  import ExUnit.CaptureLog
  require Logger
  @moduletag timeout: 30_000
  @moduletag :tmp_dir

  test "capture_io" do
    assert capture_io(fn -> IO.puts("héllo") end) == "héllo\n"
    assert capture_io(:stderr, fn -> IO.puts(:stderr, "err") end) == "err\n"
    assert capture_io("line\n", fn -> IO.write(IO.gets("? ")) end) == "? line\n"

    assert with_io(fn ->
             IO.write("x")
             5
           end) == {5, "x"}
  end

  test "capture_log" do
    assert capture_log([level: :error], fn ->
             Logger.info("no")
             Logger.error("yes", a: 1)
           end) =~ "yes"

    assert capture_log(fn -> Task.start(fn -> raise "in a task" end) && Process.sleep(50) end) =~
             "in a task"
  end

  test "messages" do
    send(self(), {:a, 1})
    assert_received {:a, n} when n == 1
    refute_received :b
    refute_receive :c, 10
    Process.send_after(self(), :late, 20)
    assert_receive :late
  end

  test "start_supervised" do
    {:ok, a} = start_supervised({Agent, fn -> 1 end})
    assert Agent.get(a, & &1) == 1
    assert :ok = stop_supervised(Agent)
    refute Process.alive?(a)
  end

  test "tmp_dir", %{tmp_dir: dir} do
    File.write!(Path.join(dir, "x"), "y")
    assert File.ls!(dir) == ["x"]
  end

  test "assertions" do
    assert_in_delta 1.0, 1.05, 0.1
    assert catch_throw(throw(:x)) == :x
    assert catch_error(raise "x") == %RuntimeError{message: "x"}
    assert %ArgumentError{} = assert_raise(ArgumentError, fn -> String.to_integer("x") end)
  end

  test "config" do
    assert Application.fetch_env!(:ledger, :greeting) == "from config.exs"
    assert Application.fetch_env!(:ledger, :env) == :test
  end
end

defmodule ParametersTest do
  use ExUnit.Case, async: true, register: true

  for {module, n} <-
        Enum.with_index([Enum, String, List, Map, Keyword, Regex, Stream, URI, Date, Time]),
      round <- 1..5 do
    @tag number: n
    test "#{inspect(module)} is loaded, #{round}", %{number: n, module: m} do
      assert is_integer(n) and m == __MODULE__
      assert Code.ensure_loaded?(unquote(module))
      assert unquote(module).__info__(:functions) != []
    end
  end
end
