FROM base
ADD https://example.org/x.tar /x
