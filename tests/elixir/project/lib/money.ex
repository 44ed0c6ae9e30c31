defprotocol Ledger.Showable do
  @spec show(t) :: String.t()
  def show(value)
end

defimpl Ledger.Showable, for: Integer do
  def show(n), do: Ledger.Money.show(n)
end

defimpl Ledger.Showable, for: Ledger.Account do
  def show(a), do: "#{a.name} (#{Ledger.Money.show(a.cents)})"
end

defimpl Ledger.Showable, for: List do
  def show(list), do: Enum.map_join(list, ", ", &Ledger.Showable.show/1)
end

defmodule Ledger.Money do
  @moduledoc "Amounts in cents."

  defmacro cents(amount) do
    case amount do
      n when is_number(n) -> round(n * 100)
      other -> quote(do: round(unquote(other) * 100))
    end
  end

  for {name, symbol} <- [euro: "€", pound: "£", yen: "¥"] do
    @doc "Shows an amount in #{name}."
    def unquote(name)(cents), do: unquote(symbol) <> show(cents)
  end

  @doc ~S"""
      iex> Ledger.Money.parse("1.5")
      {:ok, 150}
      iex> Ledger.Money.parse("x")
      :error
      iex> for text <- ["0", "-2.25", "1.234"], do: Ledger.Money.parse(text)
      [{:ok, 0}, {:ok, -225}, :error]
  """
  def parse(text) do
    case Regex.run(~r/^(-?)(\d+)(?:\.(\d{1,2}))?$/, text) do
      nil ->
        :error

      [_, sign, whole] ->
        {:ok, signed(sign, String.to_integer(whole) * 100)}

      [_, sign, whole, part] ->
        {:ok,
         signed(
           sign,
           String.to_integer(whole) * 100 +
             (part |> String.pad_trailing(2, "0") |> String.to_integer())
         )}
    end
  end

  defp signed("-", n), do: -n
  defp signed("", n), do: n

  @doc """
      iex> Ledger.Money.show(-1205)
      "-12.05"
  """
  def show(n) when n < 0, do: "-" <> show(-n)

  def show(n),
    do: "#{div(n, 100)}.#{n |> rem(100) |> Integer.to_string() |> String.pad_leading(2, "0")}"
end
