ExUnit.start(exclude: [:excluded], assert_receive_timeout: 1000)
