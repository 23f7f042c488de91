# For the other scripts, which read it: /etc/hr/database.env in the form in which systemd, too, reads it for Apache. A value stands
# there bare, or in double quotes, and then with a backslash before each " \ $ and `.
SETTINGS=/etc/hr/database.env

as_written() { # name
    sed -n "s/^$1=//p" "$SETTINGS" | tail -n 1
}

setting() { # name
    as_written "$1" | sed -e '/^".*"$/!b' -e 's/^"//' -e 's/"$//' -e 's/\\\(["\\$`]\)/\1/g'
}

# Printable ASCII without spaces; bare also without quotes and backslashes.
well_formed() { # name
    as_written "$1" | LC_ALL=C grep -qE '^([]!#-&(-[^-~]+|"([]!#-[^-~]|\\[!-~])+")$'
}
HOW='is not printable ASCII without spaces; one with a quote or a backslash stands in double quotes, with a backslash before each " \ $ and `'
