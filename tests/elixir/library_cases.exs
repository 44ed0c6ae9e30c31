# What Elixir's library answers, case by case: run with Joist and with stock Erlang, what is printed must be the same.
#   elixir library_cases.exs
# A case is an expression; it is evaluated in a process of its own and its result, or how it fails, is printed.
defmodule Cases do
  defmacro cases(topic, do: block) do
    lines =
      case block do
        {:__block__, _, all} -> all
        one -> [one]
      end

    for {line, n} <- Enum.with_index(lines, 1) do
      quote do
        Cases.run(unquote("#{topic} #{n}: #{Macro.to_string(line) |> String.slice(0, 90) |> String.replace("\n", " ")}"), fn -> unquote(line) end)
      end
    end
  end

  def run(name, fun) do
    me = self()

    {pid, ref} =
      spawn_monitor(fn ->
        answer =
          try do
            {:ok, fun.()}
          catch
            kind, reason -> {:raised, Exception.format(kind, reason, trim(__STACKTRACE__))}
          end

        send(me, {self(), answer})
      end)

    text =
      receive do
        {^pid, {:ok, value}} -> inspect(value, limit: :infinity, printable_limit: :infinity, pretty: true)
        {^pid, {:raised, what}} -> "** " <> what
        {:DOWN, ^ref, _, _, why} -> "DOWN #{inspect(why)}"
      after
        20_000 -> "no answer"
      end

    Process.demonitor(ref, [:flush])
    for name <- [Tree.Tasks, Tree.Registry, Uniq, Via, Parts], do: await_gone(name)
    IO.puts("#{name}\n  => #{anonymous(text)}")
  end

  # What a case has started ends with it, a moment later.
  defp await_gone(name), do: if(Process.whereis(name), do: (Process.sleep(1); await_gone(name)))

  # What varies from run to run: numbers of processes, references, ports, and functions of this script.
  defp anonymous(text) do
    text
    |> String.replace(~r/#PID<[0-9.]+>/, "#PID<>")
    |> String.replace(~r/#Reference<[0-9.]+>/, "#Reference<>")
    |> String.replace(~r/#Port<[0-9.]+>/, "#Port<>")
    |> String.replace(~r/counter: -\d+/, "counter: N")
    |> String.replace(System.tmp_dir!() <> "/joist-elixir-#{System.pid()}", "DIR")
    |> String.replace(~r/#Function<[0-9.]+([^>]*)>/, "#Function<\\1>")
  end

  defp trim(stack), do: Enum.take_while(stack, fn {module, _, _, _} -> module not in [:elixir, :elixir_eval, :erl_eval, Cases] end)
end

defmodule Shape do
  @callback area(term) :: number
  @optional_callbacks area: 1
  defstruct [:kind, sides: [], label: "shape"]
end

defprotocol Size do
  @fallback_to_any true
  def size(value)
end

defimpl Size, for: BitString, do: def(size(b), do: byte_size(b))
defimpl Size, for: Map, do: def(size(m), do: map_size(m))
defimpl Size, for: List, do: def(size(l), do: length(l))
defimpl Size, for: Shape, do: def(size(s), do: length(s.sides))
defimpl Size, for: Any, do: def(size(_), do: :any)

defprotocol Strict do
  def go(value)
end

defmodule Counter do
  use GenServer
  def init(n) when is_integer(n), do: {:ok, n}
  def init(other), do: {:stop, {:bad_start, other}}
  def handle_call(:get, _from, n), do: {:reply, n, n}
  def handle_call(:crash, _from, _n), do: raise(ArgumentError, "on request")
  def handle_call({:later, ms}, from, n) do
    Process.send_after(self(), {:answer, from}, ms)
    {:noreply, n}
  end
  def handle_call(:next, _from, n), do: {:reply, :ok, n, {:continue, :bump}}
  def handle_call(:halt, _from, n), do: {:stop, :normal, :bye, n}
  def handle_cast({:add, k}, n), do: {:noreply, n + k}
  def handle_continue(:bump, n), do: {:noreply, n + 1000}
  def handle_info({:answer, from}, n) do
    GenServer.reply(from, {:late, n})
    {:noreply, n}
  end
  def handle_info(_, n), do: {:noreply, n}
  def format_status(_reason, [_dict, n]), do: [data: [{'State', {:shown, n}}]]
end

defmodule Tree do
  use Supervisor
  def start_link(arg), do: Supervisor.start_link(__MODULE__, arg)
  def init(arg) do
    children = [
      %{id: :a, start: {Agent, :start_link, [fn -> arg end]}},
      {Task.Supervisor, name: Tree.Tasks},
      {Registry, keys: :duplicate, name: Tree.Registry},
      Supervisor.child_spec({Agent, fn -> [] end}, id: :b, restart: :transient)
    ]
    Supervisor.init(children, strategy: :rest_for_one, max_restarts: 5)
  end
end

defmodule Macros do
  defmacro twice(do: body), do: quote(do: {unquote(body), unquote(body)})
  defmacro caller_info, do: Macro.escape({__CALLER__.module, __CALLER__.function, map_size(__CALLER__.versioned_vars)})
  defmacro hygiene, do: quote(do: (x = 1; var!(y) = x + 1; x))
  defguard is_even(n) when is_integer(n) and rem(n, 2) == 0
  defmacro __using__(opts) do
    quote bind_quoted: [opts: opts] do
      Module.register_attribute(__MODULE__, :collected, accumulate: true)
      @before_compile Macros
      for {name, value} <- opts, do: (def unquote(name)(), do: unquote(value))
    end
  end
  defmacro __before_compile__(env) do
    all = Module.get_attribute(env.module, :collected)
    quote(do: def(collected, do: unquote(Macro.escape(all))))
  end
end

defmodule UsesMacros do
  use Macros, one: 1, two: "two"
  require Macros
  import Bitwise
  @collected :first
  @collected :second
  @doc "Adds."
  @spec add(integer, integer) :: integer
  def add(a, b \\ 2), do: a + b
  def info, do: Macros.caller_info()
  def hygienic do
    y = 0
    x = :mine
    got = Macros.hygiene()
    {x, y, got}
  end
  def flags(a, b), do: {a &&& b, a ||| b, bxor(a, b), a <<< 3, a >>> 1, ~~~a}
  def guard(n) when Macros.is_even(n), do: :even
  def guard(_), do: :odd
  def both, do: Macros.twice(do: :erlang.unique_integer([:positive]) > 0)
  def multi(x) when x > 3 when x == 1, do: :big_or_one
  def multi(_), do: :rest
  defdelegate rev(list), to: Enum, as: :reverse
  defoverridable add: 2
  def add(a, b), do: super(a, b) * 10
  def failing(%{a: a, b: [h | _]}), do: {a, h}
end

defmodule Problem do
  defexception [:code, message: "a problem"]
  @impl true
  def exception(opts) when is_list(opts), do: struct!(__MODULE__, opts)
  def exception(code), do: %__MODULE__{code: code, message: "code #{code}"}
  @impl true
  def blame(e, stack), do: {%{e | message: e.message <> " (blamed)"}, stack}
end
Logger.configure(level: :none)

defmodule All do
  import Cases

  def enums do
    cases "enum" do
      Enum.map(1..5, &(&1 * &1))
      Enum.chunk_every(1..10, 3, 2, [:pad])
      Enum.chunk_by([1, 1, 2, 3, 3, 3], &rem(&1, 2))
      Enum.group_by(~w(apple avocado banana cherry blueberry), &String.first/1, &String.length/1)
      Enum.frequencies_by(~w(aa AA bb cC), &String.downcase/1)
      Enum.reduce_while(1..100, 0, fn x, a -> if x < 5, do: {:cont, a + x}, else: {:halt, a} end)
      Enum.zip([1..3, [:a, :b, :c], ~w(x y z)])
      Enum.zip_reduce([1..3, 4..6], 0, fn [a, b], s -> s + a * b end)
      Enum.sort_by([{1, "b"}, {3, "a"}, {2, "c"}], &elem(&1, 1), :desc)
      Enum.sort([~D[2020-01-02], ~D[2019-12-31]], {:desc, Date})
      Enum.min_max([3, 1, 2.0])
      Enum.max([], fn -> :none end)
      Enum.min([])
      Enum.fetch!([1], 3)
      Enum.slide([:a, :b, :c, :d, :e], 1..2, 4)
      Enum.split_with(1..10, &(rem(&1, 3) == 0))
      Enum.scan(1..5, &+/2)
      Enum.unzip([{1, :a}, {2, :b}])
      Enum.into(%{a: 1}, %{b: 2}, fn {k, v} -> {v, k} end)
      Enum.dedup_by([{1, :x}, {2, :x}, {3, :y}], &elem(&1, 1))
      Enum.with_index(~w(a b c), fn x, i -> {i, x} end)
      Enum.take(Enum.to_list(1..10), -3)
      Enum.product([1, 2, 3.5])
      Enum.map_join(1..4, "-", &Integer.to_string(&1, 2))
      Enum.count_until(1..1_000_000, 10)
      Enum.map(:atom, & &1)
      Enum.sum(["a"])
      Enum.to_list(10..1//-3)
      Enum.random(1..0//1)
      :rand.seed(:exsss, {1, 2, 3}) |> then(fn _ -> Enum.shuffle(1..20) end)
      :rand.seed(:exsss, {4, 5, 6}) |> then(fn _ -> Enum.take_random(1..1000, 5) end)
      for x <- 1..4, y <- x..4, x + y == 5, do: {x, y}
      for <<c <- "hello">>, c > ?h, into: "", do: <<c - 32>>
      for {k, v} <- %{a: 1, b: 2}, reduce: 0, do: (acc -> acc + v + length(to_charlist(k)))
      for x <- [1, 2, 2, 3], uniq: true, do: x * 2
      for {:ok, v} <- [ok: 1, error: 2, ok: 3], do: v
      Range.disjoint?(1..5, 6..9)
      Range.size(1..10//3)
      inspect(1..10//2)
      10 in 1..10//3
      MapSet.new([3, 1, 2, 1]) |> MapSet.union(MapSet.new([9]))
      MapSet.difference(MapSet.new(1..40), MapSet.new(5..38))
      MapSet.symmetric_difference(MapSet.new([1, 2]), MapSet.new([2, 3]))
      MapSet.subset?(MapSet.new([1]), MapSet.new([1, 2]))
    end
  end

  def streams do
    cases "stream" do
      Stream.iterate(1, &(&1 * 2)) |> Enum.take(10)
      Stream.unfold({0, 1}, fn {a, b} -> {a, {b, a + b}} end) |> Enum.take(12)
      1..20 |> Stream.map(&(&1 + 1)) |> Stream.filter(&(rem(&1, 2) == 0)) |> Stream.chunk_every(3) |> Enum.to_list()
      Stream.cycle([1, 2, 3]) |> Stream.with_index() |> Enum.take(5)
      (Stream.resource(fn -> 3 end, fn 0 -> {:halt, 0}; n -> {[n, n], n - 1} end, fn _ -> send(self(), :closed) end) |> Enum.to_list())
      Stream.transform(1..10, 0, fn x, acc -> if acc < 10, do: {[x], acc + x}, else: {:halt, acc} end) |> Enum.to_list()
      Stream.zip([1..3, Stream.cycle([:x, :y])]) |> Enum.to_list()
      Stream.dedup([1, 1, 2, 2, 1]) |> Enum.to_list()
      Stream.flat_map(1..3, &List.duplicate(&1, &1)) |> Enum.to_list()
      Stream.chunk_while(1..10, [], fn x, a -> if rem(x, 4) == 0, do: {:cont, Enum.reverse([x | a]), []}, else: {:cont, [x | a]} end, fn a -> {:cont, Enum.reverse(a), []} end) |> Enum.to_list()
      Stream.interval(1) |> Enum.take(3)
      Stream.take_every(1..20, 7) |> Enum.to_list()
      Stream.run(Stream.each([1, 2], &send(self(), &1)))
      inspect(Stream.map(1..3, & &1))
      Task.async_stream(1..10, &(&1 * 2), max_concurrency: 3) |> Enum.to_list()
      Task.async_stream([1, 200, 1], &Process.sleep/1, timeout: 50, on_timeout: :kill_task) |> Enum.to_list()
      File.stream!("/etc/hostname", [], 2) |> Enum.take(1) |> length()
      ({:ok, io} = StringIO.open("a\nb\nc"); IO.stream(io, :line) |> Enum.map(&String.trim/1))
      Stream.repeatedly(fn -> 7 end) |> Enum.take(2)
      Enum.into(Stream.map(1..3, &{&1, &1}), %{})
      Stream.intersperse(1..4, :sep) |> Enum.to_list()
    end
  end

  def strings do
    cases "string" do
      String.graphemes("noe\u0301l 👨‍👩‍👧‍👦 🇩🇪 é क्षि")
      String.codepoints("e\u0301ß")
      String.length("👨‍👩‍👧‍👦ab")
      String.reverse("noe\u0301l")
      String.upcase("straße ﬃ ǆ İıß")
      String.downcase("ÀÉÎÕÜ ΑΣΣ İ")
      String.downcase("ΑΣ ΑΣΑ", :greek)
      String.upcase("iı", :turkic)
      String.capitalize("éCOLE")
      String.normalize("é", :nfd) |> String.to_charlist()
      String.normalize("ﬁ①", :nfkc)
      String.split("a, b;c", [", ", ";"])
      String.split("  leading and  trailing ", trim: true)
      String.split("a1b22c", ~r/\d+/, include_captures: true)
      String.splitter("1,2,3", ",") |> Enum.take(2)
      String.replace("banana", "an", fn m -> String.upcase(m) end, global: false)
      String.replace("a.b.c", ["a", "c"], "<\\0>")
      String.pad_leading("7", 5, ["0", "-"])
      String.jaro_distance("martha", "marhta")
      String.myers_difference("fox hops", "fox jumps")
      String.slice("elixir", -4..-2)
      String.slice("éàü", 1, 5)
      String.at("añb", 1)
      String.trim("\u00a0\u2003 x \u3000")
      String.trim_leading("__a__", "_")
      String.valid?(<<0xFFFF::16>>)
      String.chunk(<<?a, ?b, 255, ?c>>, :valid)
      String.bag_distance("abc", "bcd")
      String.to_integer("zz", 36)
      String.to_integer("12x")
      String.to_float("1.5e3")
      String.to_float("1")
      String.to_existing_atom("surely_not_an_atom_" <> "yet")
      String.starts_with?("foobar", ["x", "foo"])
      String.equivalent?("é", "e\u0301")
      String.printable?("\0x")
      String.next_grapheme("👍🏽x")
      String.next_codepoint("")
      String.duplicate("ab", 3)
      Macro.camelize("foo_bar/baz")
      Macro.underscore("FooBar.BazHTTP")
      to_string([104, 'el', ["lo", [8364]]])
      to_charlist("€x")
      "#{:atom} #{1.0e10} #{nil} #{[1, 2]}"
      "#{{1, 2}}"
      "a" <> hd([1])
      <<1::size(4), 2::4, "x"::utf16>>
      <<3.5::float-32-little, -1::signed-24>>
      for(<<x::3 <- <<0b10110011>> >>, do: x)
      ~s(a "quoted" #{1 + 1} \x41) <> ~S(#{raw}\n)
      ~w(one two)a
      ~c"chars"
      """
        indented
      done
      """
      inspect("tab\tbell\a\u200b\x7f é")
      inspect(<<255, 1>>)
      inspect('abc' ++ [0])
      inspect([a: 1, "b c": 2])
      inspect(%{1 => :a, b: %{c: []}}, pretty: true, width: 10)
      inspect(Enum.to_list(1..200))
      inspect("é", binaries: :as_binaries)
      inspect(255, base: :hex)
      inspect(%Shape{kind: :square})
      inspect(%{__struct__: Nope, a: 1})
      inspect(&Enum.map/2)
      inspect(:"Elixir.Foo")
      inspect(:"odd atom")
      inspect({:a, 1.0, -0.0, 1.0e-10, 123456789.123, 1.0e22, 1.7976931348623157e308})
      inspect(Date.range(~D[2020-01-01], ~D[2020-02-01]))
      inspect(self()) |> String.slice(0, 5)
      inspect(make_ref()) |> String.slice(0, 10)
      Regex.run(~r/(?<y>\d{4})-(?<m>\d\d)/u, "on 2024-05-06", return: :index)
      Regex.named_captures(~r/(?<y>\d{4})-(?<m>\d\d)/, "2024-05")
      Regex.scan(~r/(a)(b)?/, "abaab")
      Regex.replace(~r/(\w)(\w*)/, "hello big world", fn _, a, b -> String.upcase(a) <> b end)
      Regex.replace(~r/o(?=r)/, "word for", "\\0\\0")
      Regex.split(~r/(-)/, "a-b-c", include_captures: true, parts: 2)
      Regex.compile("(")
      Regex.compile!("*a")
      Regex.escape("a.b*[c]")
      Regex.names(~r/(?<b>x)(?<a>y)/)
      Regex.match?(~r/^É$/iu, "é")
      Regex.source(~r/a\/b/imsx)
      inspect(~r/a\/b/ix)
      "abc" =~ ~r/B/i
      Regex.run(~r/\p{Lu}\X/u, "xÀe\u0301")
      Regex.run(~r/(?:a|ab)(?:c|bcd)(d*)/, "abcd")
      Regex.run(~r/.*?x(?R)?y/s, "axxyy")
      Regex.scan(~r/[[:alpha:]]+/, "ab1cd")
      String.match?("foo\nbar", ~r/^bar$/m)
      OptionParser.parse(~w(--count 3 -v --name=x rest --bad y -- z), strict: [count: :integer, verbose: :boolean, name: :string], aliases: [v: :verbose])
      OptionParser.parse!(~w(--count x), strict: [count: :integer])
      OptionParser.split(~s(a "b c" 'd e' f\\ g))
      OptionParser.to_argv([a: true, b: false, c: 3])
      URI.parse("https://user:pw@example.com:8080/p/a?q=1&r=a%20b#frag")
      URI.encode_query(%{"a b" => "ä&", c: 1})
      URI.decode_query("a=1&b=%C3%A4+x")
      URI.merge("http://a/b/c/d", "../e?x") |> to_string()
      URI.new("http://[bad")
      URI.encode("å /?")
      Base.encode64(<<0, 255, 128>>)
      Base.decode16!("fF00", case: :mixed)
      Base.decode16!("xyz")
      Base.url_encode64("??>>", padding: false)
      Base.encode32("hi") <> Base.hex_encode32("hi")
      Path.relative_to("/a/b/c", "/a")
      Path.join(["a", "/b", "../c"])
      Path.expand("~root/../x", "/y") |> String.starts_with?("/")
      Path.wildcard("/etc/host{name,s}")
      Path.split("/a//b/c.ex")
      Path.rootname("x.tar.gz")
      Version.compare("1.2.3-rc.1", "1.2.3")
      Version.match?("1.5.0", "~> 1.4 and != 1.5.1")
      Version.parse("1.x")
      Version.match?("1.0.0", ">>> 1")
    end
  end

  def numbers do
    cases "number" do
      Integer.digits(123_456, 7)
      Integer.undigits([1, 0, 1], 2)
      Integer.parse("0x1F rest", 16)
      Integer.parse("+17abc")
      Integer.pow(7, 200)
      Integer.pow(2, -1)
      Integer.floor_div(-7, 2)
      Integer.mod(-7, 3)
      Integer.gcd(84, -36)
      Integer.extended_gcd(240, 46)
      Integer.to_string(-255, 16)
      Integer.to_charlist(100, 3)
      div(-7, 2)
      rem(1, 0)
      1 / 0
      5 / 2
      Float.round(2.675, 2)
      Float.round(-0.5)
      Float.ceil(1.1234, 3)
      Float.floor(-1.1234, 3)
      Float.ratio(0.1)
      Float.parse("1.5e-3xyz")
      Float.parse("1.5e999")
      Float.to_string(0.1 + 0.2)
      Float.to_charlist(1.0e100)
      Float.pow(2.0, 0.5)
      Float.max_finite()
      Float.min_finite()
      trunc(1.0e20)
      round(-2.5)
      0.1 + 0.2
      1.0e308 * 10
      :math.sqrt(-1)
      :math.pi() |> :math.sin() |> Float.round(10)
      max(1, 1.0)
      1 == 1.0 and 1 !== 1.0
      1 < :a and :a < {} and {} < [] and %{} < [] and [] < ""
      0b1010 + 0o17 + 0xFF + ?a
      1_000_000_000_000_000_000_000 * 99999999999999999999
      Bitwise.bsl(1, 100) |> Bitwise.band(Bitwise.bsl(7, 99))
      "1" + 1
      abs(:x)
      :erlang.phash2({:a, [1, 2.5], "x", %{k: 1}})
      :erlang.crc32("elixir")
      :erlang.term_to_binary(%{a: [1, 2.0], b: "é"}) |> byte_size()
      Tuple.insert_at({1, 2}, 1, :x)
      Tuple.product({1, 2, 3})
      elem({1}, 4)
      put_elem({1, 2}, 0, :z)
    end
  end

  def collections do
    cases "collection" do
      List.flatten([1, [2, [3, []]]])
      List.foldr([1, 2, 3], [], &[&1 | &2])
      List.keyreplace([a: 1, b: 2], :a, 0, {:c, 9})
      List.keystore([], :a, 0, {:a, 1})
      List.myers_difference([1, 4, 2, 3], [1, 2, 3, 4])
      List.improper?([1 | 2])
      List.to_integer('12z')
      List.pop_at([1, 2, 3], -1)
      List.update_at([1, 2], 5, & &1)
      List.wrap(nil)
      List.zip([[1, 2], [3, 4]])
      List.starts_with?([1, 2], [1])
      List.to_string([?a, "b", ['c']])
      List.to_string([1.0])
      List.duplicate(:x, 3)
      List.first([], :d)
      List.delete([1, 2, 1], 1)
      List.ascii_printable?('abc' ++ [200])
      [1, 2, 3] -- [2]
      [1 | [2]] ++ 3
      hd([])
      Map.merge(%{a: 1, b: 2}, %{b: 3}, fn k, x, y -> {k, x, y} end)
      Map.update!(%{a: 1}, :b, & &1)
      Map.fetch!(%{"a" => 1}, "b")
      Map.get_and_update(%{a: 1}, :a, &{&1, &1 + 1})
      Map.pop_lazy(%{}, :a, fn -> 9 end)
      Map.split(%{a: 1, b: 2, c: 3}, [:a, :z])
      Map.new(1..40, &{&1, &1 * &1}) |> Map.take([1, 40, 99])
      Map.new(1..100, &{"k#{&1}", &1})
      Map.from_struct(%Shape{})
      Map.filter(%{a: 1, b: 2}, fn {_, v} -> v > 1 end)
      Map.replace!(%{a: 1}, :zz, 2)
      %{%{a: 1} | a: 2}
      %{(%{a: 1}) | b: 2}
      Map.put(:not_map, 1, 2)
      (%{a: 1}).b
      nil.foo
      struct(Shape, kind: 1, nope: 2)
      struct!(Shape, nope: 2)
      Keyword.merge([a: 1, b: 2, a: 3], a: 9)
      Keyword.validate([a: 1, c: 2], [:a, b: 5])
      Keyword.validate!([a: 1, c: 2], [:a])
      Keyword.pop_values([a: 1, b: 2, a: 3], :a)
      Keyword.fetch!([a: 1], :b)
      Keyword.get_and_update([a: 1], :a, fn _ -> :pop end)
      get_in(%{a: [%{b: 1}, %{b: 2}]}, [:a, Access.all(), :b])
      put_in(%{a: %{b: 1}}.a.b, 5)
      update_in(%{a: [1, 2, 3]}, [:a, Access.at(1)], &(&1 * 10))
      pop_in(%{a: {1, 2}}, [:a, Access.elem(0)])
      get_and_update_in(%{a: 1}.a, &{&1, &1 + 1})
      get_in([a: [b: 3]], [:a, :b])
      update_in([1, 2, 3, 4], [Access.filter(&(&1 > 2))], &(&1 * 2))
      [a: 1][:b]
      %Shape{}[:kind]
      Access.fetch!(%{a: 1}, :q)
      Size.size("abc")
      Size.size(%Shape{sides: [1, 2]})
      Size.size(%{a: 1})
      Size.size(3.5)
      Size.impl_for(nil)
      Strict.go(1)
      Protocol.assert_impl!(Strict, Integer)
      Enumerable.impl_for(%{})
      Collectable.into([]) |> elem(0)
      Inspect.Algebra.format(Inspect.Algebra.concat(["a", Inspect.Algebra.break(" "), "b"]) |> Inspect.Algebra.group(), 2) |> IO.iodata_to_binary()
    end
  end

  def calendar do
    cases "calendar" do
      Date.add(~D[2024-02-28], 2)
      Date.diff(~D[2024-03-01], ~D[2023-03-01])
      Date.new(2023, 2, 29)
      Date.new!(2023, 2, 30)
      Date.day_of_week(~D[2024-01-01], :sunday)
      Date.from_iso8601("2024-13-01")
      Date.range(~D[2024-01-01], ~D[2024-01-10], 3) |> Enum.to_list()
      Date.beginning_of_week(~D[2024-05-05])
      Date.end_of_month(~D[2024-02-01])
      Date.compare(~D[2020-01-01], ~D[2021-01-01])
      Date.day_of_era(~D[-0001-03-01])
      Date.quarter_of_year(~D[2024-11-01])
      Date.to_gregorian_days(~D[2000-01-01])
      ~T[23:59:59.999999] |> Time.add(1, :millisecond)
      Time.truncate(~T[01:02:03.456789], :millisecond)
      Time.diff(~T[12:00:00], ~T[11:59:00], :microsecond)
      Time.from_iso8601!("25:00:00")
      ~N[2024-01-31 12:00:00.123] |> NaiveDateTime.add(86400 * 30)
      NaiveDateTime.diff(~N[2024-01-01 00:00:00], ~N[1970-01-01 00:00:00])
      NaiveDateTime.from_iso8601("2024-01-01T10:11:12,5")
      ~U[2024-01-01 00:00:00Z] |> DateTime.to_unix(:millisecond)
      DateTime.from_unix!(1_700_000_000_123_456, :microsecond)
      DateTime.from_iso8601("2024-05-06T07:08:09.10+02:30")
      DateTime.shift_zone(~U[2024-01-01 00:00:00Z], "Europe/Berlin")
      DateTime.to_iso8601(~U[0000-01-01 00:00:00.000001Z], :basic)
      DateTime.add(~U[2024-01-01 00:00:00Z], -1, :nanosecond)
      Calendar.strftime(~U[2024-05-06 17:08:09.012345Z], "%a %A %b %B %d %-d %f %H %I %j %M %m %p %P %q %S %u %y %Y %z %Z %c %x %X %%")
      Calendar.ISO.valid_date?(1900, 2, 29)
      Calendar.ISO.parse_utc_datetime("2015-01-23 23:50:07Z")
      Code.eval_string("~D[2024-99-01]")
    end
  end

  def processes do
    cases "process" do
      ({:ok, p} = GenServer.start(Counter, 5); GenServer.cast(p, {:add, 3}); {GenServer.call(p, :get), GenServer.call(p, {:later, 5}), GenServer.call(p, :next), GenServer.call(p, :get), GenServer.call(p, :halt), Process.alive?(p)})
      GenServer.start(Counter, :bad)
      ({:ok, p} = GenServer.start(Counter, 1); catch_exit_of(fn -> GenServer.call(p, :crash) end))
      catch_exit_of(fn -> GenServer.call(:nobody_here, :x) end)
      ({:ok, p} = GenServer.start(Counter, 1); catch_exit_of(fn -> GenServer.call(p, {:later, 500}, 10) end))
      ({:ok, p} = GenServer.start(Counter, 1); :sys.get_status(p) |> elem(3) |> List.last() |> List.last())
      ({:ok, p} = GenServer.start(Counter, 1); :sys.replace_state(p, &(&1 + 1)); :sys.get_state(p))
      ({:ok, a} = Agent.start_link(fn -> %{} end); Agent.update(a, &Map.put(&1, :k, 1)); Agent.get_and_update(a, &{&1, :new}) |> then(&{&1, Agent.get(a, fn s -> s end), Agent.stop(a)}))
      Task.await(Task.async(fn -> 1 + 1 end))
      Task.yield_many([Task.async(fn -> 1 end), Task.async(fn -> Process.sleep(1000) end)], 50) |> Enum.map(&elem(&1, 1))
      (Process.flag(:trap_exit, true); t = Task.async(fn -> raise "boom" end); catch_exit_of(fn -> Task.await(t) end))
      (t = Task.async(fn -> Process.sleep(1000) end); catch_exit_of(fn -> Task.await(t, 10) end))
      Task.async(fn -> :x end) |> Task.ignore()
      Task.await_many([Task.async(fn -> 1 end), Task.async(fn -> 2 end)])
      ({:ok, s} = Tree.start_link(7); Supervisor.which_children(s) |> Enum.map(fn {id, _, kind, mods} -> {id, kind, mods} end))
      ({:ok, s} = Tree.start_link(7); Supervisor.count_children(s))
      ({:ok, _} = Tree.start_link(7); Task.Supervisor.async_nolink(Tree.Tasks, fn -> exit(:why) end) |> Task.yield())
      ({:ok, _} = Tree.start_link(7); for(i <- 1..3, do: Registry.register(Tree.Registry, :topic, i)); Registry.dispatch(Tree.Registry, :topic, fn all -> for({pid, v} <- all, do: send(pid, {:got, v})) end); for(_ <- 1..3, do: receive do m -> m end))
      ({:ok, d} = DynamicSupervisor.start_link(strategy: :one_for_one, max_children: 2); r = for(i <- 1..3, do: DynamicSupervisor.start_child(d, {Agent, fn -> i end})); {Enum.map(r, &elem(&1, 0)), List.last(r), DynamicSupervisor.count_children(d)})
      ({:ok, _} = Registry.start_link(keys: :unique, name: Uniq); {Registry.register(Uniq, "a", 1) |> elem(0), Registry.register(Uniq, "a", 2) |> elem(0), Registry.lookup(Uniq, "a") |> Enum.map(&elem(&1, 1)), Registry.select(Uniq, [{{:"$1", :_, :"$2"}, [], [{{:"$1", :"$2"}}]}]), Registry.count(Uniq), Registry.update_value(Uniq, "a", &(&1 + 1))})
      ({:ok, _} = Registry.start_link(keys: :unique, name: Via); n = {:via, Registry, {Via, :c}}; {:ok, _} = GenServer.start_link(Counter, 4, name: n); {GenServer.call(n, :get), GenServer.whereis(n) |> is_pid(), GenServer.start_link(Counter, 4, name: n) |> elem(0)})
      ({:ok, p} = PartitionSupervisor.start_link(child_spec: {Agent, fn -> 0 end}, name: Parts, partitions: 3); {PartitionSupervisor.partitions(Parts), PartitionSupervisor.count_children(p)})
      Supervisor.start_link([{Task, fn -> :ok end}, %{id: :x}], strategy: :one_for_one)
      (Process.flag(:trap_exit, true); Supervisor.start_link([%{id: 1, start: {Counter, :nope, []}}], strategy: :one_for_one))
      (p = spawn(fn -> receive do :x -> :ok end end); Process.register(p, :some_name); {Process.whereis(:some_name) == p, Process.info(p, :registered_name), Process.unregister(:some_name)})
      (Process.put(:a, 1); {Process.get(:a), Process.delete(:a), Process.get_keys() |> is_list()})
      (ref = Process.send_after(self(), :tick, 5); receive do :tick -> Process.cancel_timer(ref) end)
      (Process.exit(spawn_link(fn -> Process.sleep(1000) end), :kill); receive do after 200 -> :not_reached end)
      ({_, ref} = spawn_monitor(fn -> exit({:shutdown, 1}) end); receive do {:DOWN, ^ref, k, _, why} -> {k, why} end)
      send(:no_such_name, 1)
      exit(:out)
      throw(:ball)
      raise(Problem, code: 4)
      raise(Problem, 7)
      raise("plain")
      raise(:undef_thing)
      reraise(%Problem{}, [])
      try do raise(Problem, 5) rescue e in [Problem, ArgumentError] -> Exception.message(e) end
      try do throw({:a, 1}) catch :throw, {:a, x} -> x after send(self(), :after) end
      try do :ok else :ok -> :else_branch end
      try do :no else :ok -> 1 end
      try do Enum.fetch!([], 0) rescue Enum.OutOfBoundsError -> :oob end
      try do :erlang.error(:badarith) rescue ArithmeticError -> :arith end
      try do apply(Nope, :nope, [1]) rescue e in UndefinedFunctionError -> Exception.message(e) end
      Exception.blame(:error, :undef, [{Enum, :mapp, [[], 1], []}]) |> elem(0) |> Exception.message()
      Exception.blame(:error, :function_clause, [{UsesMacros, :failing, [%{a: 1}], []}]) |> elem(0)
      Exception.format_exit({{%RuntimeError{message: "x"}, []}, {GenServer, :call, [:a, :b, 5000]}})
      Exception.format_banner(:error, {:badmatch, 1})
      Exception.format_stacktrace_entry({Enum, :map, 2, [file: 'lib/enum.ex', line: 12]})
      (fn 1 -> :one end).(2)
      (fn -> 1 end).(2)
      UsesMacros.failing(%{a: 1, b: []})
      case 5 do x when x < 3 -> x end
      cond do nil -> 1 end
      with {:ok, x} <- {:ok, 1}, {:ok, y} <- {:error, x} do y else {:error, e} -> {:else, e} end
      with :a <- :b do 1 else :c -> 2 end
      {:ok, x} = {:error, 1}
      if("yes", do: 1, else: 2)
      Enum.map([1], fn x -> x.y end)
      Integer.parse(nil)
      String.length(:a)
      Kernel.struct(1, [])
      :ets.lookup(:no_table, 1)
      :maps.get(:a, %{})
      Node.alive?()
      Application.get_application(Enum)
      Application.fetch_env!(:elixir, :none)
      System.version()
      System.otp_release()
      (System.cmd("sh", ["-c", "echo out; echo err >&2; exit 3"], stderr_to_stdout: true))
      System.cmd("no-such-program-at-all", [])
      System.shell("echo $X", env: [{"X", "y"}])
      System.fetch_env("NO_SUCH_VARIABLE")
      System.find_executable("sh") |> is_binary()
      System.schedulers_online() |> is_integer()
      System.convert_time_unit(1_500, :millisecond, :second)
      (Port.open({:spawn, "cat"}, [:binary]) |> then(fn p -> Port.command(p, "hi"); receive do {^p, {:data, d}} -> {d, Port.close(p)} end end))
      :persistent_term.put({Cases, 1}, %{a: 1}) && :persistent_term.get({Cases, 1})
      Code.ensure_loaded(Nope)
      Code.fetch_docs(Nope)
      function_exported?(Enum, :map, 2)
    end
  end

  def catch_exit_of(fun) do
    fun.()
  catch
    :exit, why -> {:exited, Exception.format_exit(why) |> String.split("\n") |> hd()}
  end

  def macros do
    cases "macro" do
      UsesMacros.collected()
      {UsesMacros.one(), UsesMacros.two()}
      UsesMacros.info()
      UsesMacros.hygienic()
      UsesMacros.flags(12, 10)
      {UsesMacros.guard(2), UsesMacros.guard(3), UsesMacros.multi(1), UsesMacros.multi(2)}
      UsesMacros.both()
      UsesMacros.add(1)
      UsesMacros.rev([1, 2])
      UsesMacros.__info__(:functions)
      UsesMacros.__info__(:attributes) |> Keyword.delete(:vsn)
      Macro.to_string(quote(do: if(a > 1, do: %{x | y: [1 | z]}, else: fn x, y when x in [1] -> x end)))
      Code.format_string!("foo   bar,  1,[2,3 ]\nif x do y end") |> IO.iodata_to_binary()
      Code.format_string!("def f(", [])
      (Code.eval_string("x = a + 1; {x, __ENV__.line}", [a: 41], file: "nofile", line: 10))
      Code.eval_string("1 +")
      Code.eval_string("undefined_thing + 1")
      Code.eval_string("defmodule Bad do def f, do: g() end")
      Code.eval_string("%Nope{}")
      Code.eval_string("import NoSuchModule")
      Code.string_to_quoted("a.b(c) |> d", columns: true)
      Code.string_to_quoted("foo(")
      Code.string_to_quoted!("\"unterminated")
      Code.string_to_quoted("é = :\"ü x\"")
      Macro.expand(quote(do: unless(true, do: 1)), __ENV__)
      (Macro.prewalk(quote(do: 1 + 2 * 3), fn n when is_integer(n) -> n * 10; x -> x end))
      Macro.decompose_call(quote(do: Foo.bar(1, 2)))
      Macro.escape(%{a: {1, 2, 3}, b: "x"})
      Macro.validate({:bad, 1})
      Macro.var(:x, nil)
      Macro.generate_arguments(2, __MODULE__)
      quote(do: f(unquote_splicing([1, 2])))
      EEx.eval_string("<%= for i <- 1..3 do %>[<%= i %>]<% end %> <%= @name %>", assigns: [name: "eex"])
      EEx.eval_string("<% if %>")
      EEx.compile_string("<%# c %>a<%% b") |> Macro.to_string()
      Module.create(Dynamic, quote(do: def(hi(x), do: {x, __MODULE__})), Macro.Env.location(__ENV__)) |> elem(0)
      Dynamic.hi(1)
      Module.concat(Foo, "Bar")
      Module.split(Foo.Bar.Baz)
      Module.safe_concat(["Surely", "Not", "There"])
      Code.Typespec.fetch_types(UsesMacros)
      Kernel.SpecialForms.__info__(:macros) |> length()
      Kernel.__info__(:functions) |> length()
      Function.info(&Enum.map/2, :module)
      Function.capture(Enum, :map, 2)
      is_function(&UsesMacros.add/2, 2)
      &(&1 + &2) |> is_function(2)
      dbg_free(1 |> Kernel.+(2))
      tap(1, fn x -> send(self(), x) end)
      then(5, &(&1 - 1))
      binding()
      match?({:ok, _} when true, {:ok, 1})
      destructure_it()
    end
  end

  defp dbg_free(x), do: x
  defp destructure_it do
    destructure([a, b, c], [1, 2])
    {a, b, c}
  end

  def io do
    dir = Path.join(System.tmp_dir!(), "joist-elixir-#{System.pid()}")
    File.mkdir_p!(dir)
    file = Path.join(dir, "fïle.txt")

    cases "io" do
      File.write(file, ["line 1\n", 'line ', "2\r\n", <<233::utf8>>])
      File.read(file)
      File.stream!(file) |> Enum.map(&String.length/1)
      File.stream!(file, [:trim_bom, encoding: :utf8]) |> Enum.to_list()
      File.open(file, [:read, :utf8], fn f -> {IO.read(f, :line), IO.getn(f, 3), IO.read(f, :eof), IO.read(f, :line)} end)
      File.stat!(file) |> Map.take([:size, :type, :access])
      File.read!(dir <> "/nothing") |> byte_size()
      File.ls(dir)
      File.cp_r!(dir, dir <> "-copy") |> length()
      File.rm_rf(dir <> "-copy") |> elem(0)
      File.rm(dir <> "/nothing")
      File.mkdir(dir)
      File.exists?(file)
      File.touch!(file, {{2020, 1, 1}, {0, 0, 0}})
      File.stat!(file).mtime
      File.ln_s(file, dir <> "/link") |> then(&{&1, File.read_link!(dir <> "/link") == file})
      File.rename(file, dir <> "/b")
      File.write!(dir <> "/b", "more", [:append, :compressed])
      File.write(dir, "x")
      ({:ok, s} = StringIO.open("input"); {IO.getn(s, 2), IO.puts(s, "out"), IO.write(s, [1, "x"]), StringIO.contents(s), StringIO.close(s)})
      ({:ok, s} = StringIO.open(""); IO.inspect(s, %{a: 1}, label: "l"); StringIO.contents(s))
      ({:ok, s} = StringIO.open("a\nb", capture_prompt: true); {IO.gets(s, "> "), StringIO.contents(s)})
      IO.chardata_to_string([?a, [0x10FFFF], "x"])
      IO.chardata_to_string([0xD800])
      IO.iodata_length(["abc", [1, 2 | "z"]])
      IO.ANSI.format([:red, "x", :reset], true) |> IO.iodata_to_binary()
      IO.ANSI.format([:nocolour], true)
      :io_lib.format("~p ~ts ~w", [%{a: "é"}, "é", 'é']) |> IO.iodata_to_binary()
      :file.consult(to_charlist(dir <> "/none"))
      File.rm_rf!(dir) |> length()
      Logger.level()
    end
  end
end

All.enums()
All.streams()
All.strings()
All.numbers()
All.collections()
All.calendar()
All.processes()
All.macros()
All.io()
