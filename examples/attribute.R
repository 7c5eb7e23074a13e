# Who made this crowd polarised? throng from R, through files and JSON: nothing to install but jsonlite.
library(jsonlite)
crowd <- data.frame(who = c("ann", "ben", "cy"), stance = c(-0.9, 0.1, 0.8), followers = c(12, 900, 4000))
write.csv(crowd, "crowd.csv", row.names = FALSE)
out <- system2("throng", c("attribute", "crowd.csv", "--id", "who", "--state", "stance", "--weight", "followers",
                           "--indicator", "weighted-variance", "--out", "run", "--json"), stdout = TRUE)
report <- fromJSON(paste(out, collapse = ""))
print(report$top[, c("id", "phi")])
stopifnot(report$certificate$converged,
          abs(sum(report$top$phi) - report$indicator$observed + report$indicator$baseline) < 1e-12)
